import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { readUserCache, userCacheFile, writeUserCache } from "./code-cache-adapter.ts";
import { personalityOf } from "./personality.ts";
import { CODE_FLAVOUR, shippedCode } from "./shipped-code-adapter.ts";
import { spareMemory } from "./spare-memory-adapter.ts";

/**
 * The program that npm links as `sealkit`: it runs the bundle beside it with V8's compiled code, because compiling
 * the bundle anew costs more than all the work of sealing a Secret. The code that was compiled when the package was
 * built serves the same version of Node; any other keeps its own in the user's cache folder. Never a shared folder:
 * compiled code is as powerful as a program.
 */
const folder = __dirname;
const command = personalityOf(process.env["SEALKIT_ARGV0"] ?? process.argv[1] ?? "") ?? process.argv[2] ?? "";
/** A start pays for every byte of its bundle, used or not. */
const bundle = join(folder, `${__OWN_BUNDLES__.includes(command) ? command : "sealkit"}.bundle`);
const source = readFileSync(bundle, "latin1");

const origin = { build: __BUILD_ID__, flavour: CODE_FLAVOUR, command };

if (command === "controller") spareMemory();

const shipped = shippedCode(bundle);
const own = shipped === undefined ? userCacheFile(process.env, origin) : undefined;
const cachedData = shipped ?? (own === undefined ? undefined : readUserCache(own));
const script = new Script(source, { filename: bundle, ...(cachedData === undefined ? {} : { cachedData }) });
if (own !== undefined && (cachedData === undefined || script.cachedDataRejected)) {
  process.once("exit", () => writeUserCache(own, __BUILD_ID__, script.createCachedData()));
}
script.runInThisContext()({}, createRequire(join(folder, "sealkit.cjs")), {}, bundle, dirname(bundle));
