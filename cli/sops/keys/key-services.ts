import { type KeyService, type KeyServices, type KeyType, SERVICE_NAMES } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";

const ofProcess = new WeakMap<Io, KeyServices>();

/** The key services of this machine, besides age: each made once for a process. */
export function localKeyServices(io: Io): KeyServices {
  const known = ofProcess.get(io) ?? makeLocal(io);
  ofProcess.set(io, known);
  return known;
}

/**
 * The same for the files of many authors, such as all branches of a repository: nobody looks at each before its key
 * services are asked. A file names its server of Vault; without a list of servers that may get the token, the own one
 * (`VAULT_ADDR`) may, and no other.
 */
export function keyServicesForMany(io: Io): KeyServices {
  const { SOPS_HC_VAULT_ALLOWLIST: listed, VAULT_ADDR: own } = io.env;
  return makeLocal(io, { ...io.env, SOPS_HC_VAULT_ALLOWLIST: listed?.trim() || own || "none" });
}

function makeLocal(io: Io, env: Io["env"] = io.env): KeyServices {
  const machine = { env, signal: io.signal };
  const ports = async () => {
    const { systemPorts } = await import("../../../src/kms/ports-adapter.ts");
    const { runForCredentials } = await import("./credential-process-adapter.ts");
    return systemPorts({ ...machine, run: (line, options) => runForCredentials(io, line, options) });
  };
  const kms = () => import("../../../src/kms/index.ts");
  return new Map([
    lazily("kms", async () => (await kms()).awsKms(await ports())),
    lazily("gcp_kms", async () => (await kms()).gcpKms(await ports())),
    lazily("hckms", async () => (await kms()).huaweiKms(await ports())),
    lazily("azure_kv", async () => (await kms()).azureKeyVault(await ports())),
    lazily("hc_vault", async () => (await kms()).vaultTransit(await ports())),
    lazily("pgp", async () => {
      const { pgpKeyService, systemPgpPorts } = await import("../../../src/pgp/index.ts");
      return pgpKeyService(systemPgpPorts(machine));
    }),
  ]);
}

/** A service that is loaded when a file first has such a key: most files have none. */
function lazily(type: KeyType, load: () => Promise<KeyService>): readonly [KeyType, KeyService] {
  let ready: Promise<KeyService> | undefined;
  const loaded = () => {
    ready ??= load();
    return ready;
  };
  const service: KeyService = {
    name: SERVICE_NAMES[type],
    encrypt: async (key, dataKey) => await (await loaded()).encrypt(key, dataKey),
    decrypt: async (key) => await (await loaded()).decrypt(key),
    complete: async (key) => (await (await loaded()).complete?.(key)) ?? key,
  };
  return [type, service];
}
