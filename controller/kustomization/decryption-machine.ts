import { type KmsPorts, systemPorts } from "../../src/kms/index.ts";
import type { KeyServices } from "../../src/sops/index.ts";
import type { DecryptionMachine } from "./decryption-keys.ts";

/** What of the environment is about the network and not about who we are. */
const NETWORK = /^(https?|no|all)_proxy$|^SSL_CERT_FILE$|^AWS_ENDPOINT_URL(_KMS|_STS)?$|^GCE_METADATA_HOST$/i;

export interface MachineOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Servers of Vault that tokens of decryption Secrets may be sent to. */
  readonly vaultAddresses: readonly string[];
  /** Whether files may be decrypted with the credentials that this pod has itself. */
  readonly allowAmbient: boolean;
  readonly services?: KeyServices | undefined;
}

/** The machine as decryption may use it. */
export function decryptionMachine({ env, vaultAddresses, allowAmbient, services }: MachineOptions): DecryptionMachine {
  const network = Object.fromEntries(Object.entries(env).filter(([name]) => NETWORK.test(name)));
  const sealedOff: KmsPorts = {
    ...systemPorts({ env: network }),
    readFile: async () => undefined,
    listFiles: async () => "missing",
    home: "/nonexistent",
    hostname: "sealkit",
  };
  return { sealedOff, ambient: allowAmbient ? systemPorts({ env }) : undefined, vaultAddresses, services };
}
