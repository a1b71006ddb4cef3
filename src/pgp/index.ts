export { type PgpKeyName, readFingerprint } from "./fingerprint.ts";
export { gpgKeyService } from "./gpg.ts";
export { type PrivateGpgHome, type PrivateGpgHomeOptions, privateGpgHome } from "./gpg-home-adapter.ts";
export { type KeySources, type OpenPgpOptions, openPgpKeyService, openPgpKeys } from "./openpgp.ts";
export { pgpKeyService } from "./pgp.ts";
export type { PgpPorts, ProgramEnd } from "./ports.ts";
export { type SystemPgpOptions, systemPgpPorts } from "./ports-adapter.ts";
