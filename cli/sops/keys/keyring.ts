import { DEFAULT_DECRYPTION_ORDER, type IdentitySource, type Keyring, loadKeyring } from "../../../src/sops/index.ts";
import { terminalPlugins } from "../../age/plugins.ts";
import type { Io } from "../../io.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import type { SopsFlags } from "../call/flags.ts";
import type { Doubts } from "../call/log.ts";
import { identityCommands, storedIdentities } from "./identities-adapter.ts";
import { localKeyServices } from "./key-services.ts";
import { remoteKeyServices } from "./remote-key-services.ts";

/** How the keys of a file are tried: as flags and variables say, or as they stand in the file. */
export type Order = "as told" | "as in the file";

/**
 * Everything that decrypts and encrypts data keys here: identities, key services of this machine, remote ones. One
 * keyring serves all files of a call: files that share a data key ask its service once.
 *
 * @throws {SopsFailure} for a decryption order that names a type twice.
 */
export async function commandKeyring(
  io: Io,
  flags: SopsFlags,
  doubts: Doubts,
  useLocalKeys: boolean,
  order: Order = "as told",
): Promise<Keyring> {
  return (await commandKeys(io, flags, doubts, useLocalKeys, order)).keyring;
}

/** A keyring, and what of it can be used where nobody and nothing is asked. */
export interface CommandKeys {
  readonly keyring: Keyring;
  /** Identities that are at hand; none where only remote services are to be used. */
  readonly sources: readonly IdentitySource[];
}

/** As `commandKeyring`. @throws {SopsFailure} */
export async function commandKeys(
  io: Io,
  flags: SopsFlags,
  doubts: Doubts,
  useLocalKeys: boolean,
  order: Order,
): Promise<CommandKeys> {
  const decryptionOrder = order === "as told" ? decryptionOrderOf(io, flags) : [];
  const services = await servicesOf(io, flags, doubts, useLocalKeys);
  const sources = services.useLocal ? await storedIdentities(io) : [];
  const keyring = loadKeyring(sources, { ...services, decryptionOrder, askForIdentities: identityCommands(io) });
  return { keyring, sources };
}

/** Everything that encrypts data keys here. Identities are looked for only where something is to be decrypted. */
export async function encryptingKeyring(
  io: Io,
  flags: SopsFlags,
  doubts: Doubts,
  useLocalKeys: boolean,
): Promise<Keyring> {
  return loadKeyring([], await servicesOf(io, flags, doubts, useLocalKeys));
}

async function servicesOf(io: Io, flags: SopsFlags, doubts: Doubts, useLocalKeys: boolean) {
  return {
    services: localKeyServices(io),
    plugins: terminalPlugins(io, "sops"),
    useLocal: usesLocalKeys(io, useLocalKeys),
    remoteServices: await remoteKeyServices(io, flags, doubts),
  };
}

/** Whether the keys of this machine are used at all, as a flag and a variable say. */
export function usesLocalKeys({ env }: Pick<Io, "env">, flag: boolean): boolean {
  return flag && !isFalse(env["SOPS_ENABLE_LOCAL_KEYSERVICE"] ?? "");
}

function isFalse(text: string): boolean {
  return /^(0|f|F|false|FALSE|False)$/.test(text);
}

function decryptionOrderOf(io: Io, flags: SopsFlags): readonly string[] {
  const text = flags.text("decryption-order") || (io.env["SOPS_DECRYPTION_ORDER"] ?? "");
  if (text === "") return DEFAULT_DECRYPTION_ORDER;
  const order = text.split(",").map((word) => word.trim());
  const twice = order.find((type, at) => order.indexOf(type) < at);
  if (twice === undefined) return order;
  throw new SopsFailure(SOPS_EXIT.duplicateKeyType, `Duplicate decryption key type: ${twice}`);
}
