import { defineFunction, type FunctionTable, functionTable } from "../value/function.ts";
import { GoError } from "../value/go-error.ts";
import { encodingFunctions } from "./encodings/encodings.ts";
import { randomFunctions } from "./random.ts";
import { semverFunctions } from "./semver/functions.ts";
import { dateFunctions } from "./time/dates.ts";
import { urlFunctions } from "./url/functions.ts";
import { valueFunctions } from "./value-functions.ts";

/** Functions that need node:crypto and bcrypt; they are loaded only where a template names one. */
const CRYPTO =
  /bcrypt|htpasswd|derivePassword|genPrivateKey|buildCustomCert|gen(CA|SelfSignedCert|SignedCert)|(en|de)cryptAES/;

const fail = defineFunction({
  name: "fail",
  params: ["string"],
  call: ([text]) => {
    throw new GoError(text);
  },
});

/**
 * Sprig 3.3's generic functions for these texts: all but `env`, `expandenv` and `getHostByName`, which templates of
 * strangers must not have. Those that take long to load are there if a text names one.
 */
export async function loadSprigFunctions(texts: Iterable<string>): Promise<FunctionTable> {
  const plain = functionTable(
    valueFunctions,
    dateFunctions(),
    encodingFunctions(),
    randomFunctions(),
    semverFunctions(),
    urlFunctions(),
    fail,
  );
  for (const text of texts) {
    if (!CRYPTO.test(text)) continue;
    const { cryptoFunctions } = await import("./crypto/functions-adapter.ts");
    return functionTable(plain, cryptoFunctions());
  }
  return plain;
}
