import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Script } from "node:vm";
import { shippedCode } from "./shipped-code-adapter.ts";

/**
 * The file that a thread is started with: it runs the bundle of the same name with the code that was compiled when the
 * package was built. To compile it anew takes a thread as long as dozens of its files.
 */
const bundle = __filename.replace(/\.cjs$/, ".bundle");
const cachedData = shippedCode(bundle);
const source = readFileSync(bundle, "latin1");
const script = new Script(source, { filename: bundle, ...(cachedData === undefined ? {} : { cachedData }) });
script.runInThisContext()({}, createRequire(__filename), {}, bundle, dirname(bundle));
