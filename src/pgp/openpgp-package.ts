import { pgpFailure, type Verb } from "./pgp-failure.ts";

export type OpenPgp = typeof import("openpgp");

/** The optional package `openpgp`, which is loaded only where PGP is done in this process. @throws {KeyServiceError} */
export async function loadOpenPgp(verb: Verb): Promise<OpenPgp> {
  try {
    return await import("openpgp");
  } catch (cause) {
    throw pgpFailure({
      code: "KEY_SERVICE_UNREACHABLE",
      verb,
      state: 'the package "openpgp" is not installed',
      library: "not available",
      binary: "",
      hints: ["npm install openpgp"],
      cause,
    });
  }
}
