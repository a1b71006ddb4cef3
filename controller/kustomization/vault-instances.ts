import { serversOf } from "../../src/kms/index.ts";
import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import { isRecord, type KubeObject, listAt, textAt } from "../../src/objects/index.ts";
import { readManifests, YamlError } from "../../src/yaml/index.ts";

/** A Vault or OpenBao server that ServiceAccounts may log in to. */
export interface VaultInstance {
  /** Also the audience of the tokens that are shown there. */
  readonly address: string;
  /** Behind `/v1/`: `auth/kubernetes/login`. */
  readonly loginPath: string;
}

const CONFIG_MAPS: ApiResource = {
  ...{ group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true },
};
const ENTRY = "config.yaml";
const MAX_CHARACTERS = 100_000;
const MAX_INSTANCES = 100;

/** Reads the ConfigMap of `--sops-vault-configmap`; a text is one clause that says why it cannot be used. */
export async function readVaultInstances(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<readonly VaultInstance[] | string> {
  const map = await client.get<KubeObject>(CONFIG_MAPS, { namespace, name }, signal);
  if (map === undefined) return "there is no such ConfigMap";
  const text = textAt(map, "data", ENTRY);
  return text === undefined ? `it has no entry ${ENTRY}` : parseVaultInstances(text);
}

/** `instances: [{address, loginPath}]`. Source: Flux's documentation of the flag. */
export function parseVaultInstances(text: string): readonly VaultInstance[] | string {
  const config = text.length > MAX_CHARACTERS ? undefined : parse(text);
  if (!isRecord(config)) return `${ENTRY} is no YAML mapping`;
  const entries = listAt(config, "instances");
  if (entries.length > MAX_INSTANCES) return `${ENTRY} has more than ${MAX_INSTANCES} instances`;
  const instances: VaultInstance[] = [];
  for (const [index, entry] of entries.entries()) {
    const [address, loginPath] = [textAt(entry, "address"), textAt(entry, "loginPath")];
    if (address === undefined || loginPath === undefined) return `instances[${index}] has no address and loginPath`;
    const problem = problemOf(address);
    if (problem !== undefined) return `instances[${index}].address: ${problem}`;
    instances.push({ address, loginPath });
  }
  return instances;
}

function parse(text: string): unknown {
  try {
    return readManifests(text).manifests[0]?.value;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}

function problemOf(address: string): string | undefined {
  try {
    serversOf([address]);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}
