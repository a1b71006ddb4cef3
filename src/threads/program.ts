/**
 * The file that a thread runs. In the built command line it stands beside the bundle, made by `tools/build.mjs`; in the
 * library it is the module next to the one that asks.
 *
 * @param here `import.meta.url` of the module that asks
 * @param name that of the program: `NAME.cjs` in the one case, `NAME-adapter.js` in the other
 */
export function threadProgram(here: string, name: string): URL {
  return new URL(here.endsWith(".js") ? `./${name}-adapter.js` : `./${name}.cjs`, here);
}
