import { KUBESEAL_FLAGS } from "./flags.ts";

/** The list of flags in pflag's layout: shorthand, name and type, then what it does, in two columns. */
export function flagList(): string {
  const rows = KUBESEAL_FLAGS.filter(({ hidden }) => hidden !== true).map(
    ({ name, short, type, usage, shownDefault }) => ({
      left: `${short === undefined ? "    " : ` -${short},`} --${name}${type === undefined ? "" : ` ${type}`}`,
      right: shownDefault === undefined ? usage : `${usage} (default ${shownDefault})`,
    }),
  );
  const column = Math.max(...rows.map(({ left }) => left.length)) + 3;
  return rows.map(({ left, right }) => ` ${left.padEnd(column)}${right}\n`).join("");
}
