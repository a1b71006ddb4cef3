import { fieldOf, type KeyService, KeyServiceError, type KeyType, type MasterKey } from "../../../src/sops/index.ts";

export interface FakeKeyService extends KeyService {
  /** What it was asked, in order: `encrypt arn:…`, `decrypt arn:…`. */
  readonly calls: string[];
}

/** A key service in memory. Data keys are base64 in `enc`; it fails for keys whose name has `broken` in it. */
export function fakeKeyService(name: string, nameOf: (key: MasterKey) => string): FakeKeyService {
  const calls: string[] = [];
  const note = (what: string, key: MasterKey) => {
    calls.push(`${what} ${nameOf(key)}`);
    if (!nameOf(key).includes("broken")) return;
    throw new KeyServiceError("KEY_SERVICE_DENIED", `Cannot ${what} with ${name}: HTTP 403`, {
      original: `${name} does not let you ${what} with the key ${nameOf(key)} as it is broken`,
      details: ["status 403, AccessDeniedException"],
      hints: [`ask for the permission to ${what}`],
    });
  };
  return {
    name,
    calls,
    async encrypt(key, dataKey) {
      note("encrypt", key);
      return `${name}:${Buffer.from(dataKey).toString("base64")}`;
    },
    async decrypt(key) {
      note("decrypt", key);
      return Buffer.from(fieldOf(key, "enc").slice(name.length + 1), "base64");
    },
  };
}

/** A key that holds nothing yet. */
export function masterKey(type: KeyType, fields: Readonly<Record<string, string>>): MasterKey {
  return { type, fields: new Map(Object.entries(fields)) };
}
