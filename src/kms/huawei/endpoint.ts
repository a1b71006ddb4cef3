import { decodeUtf8 } from "../../bytes/utf8.ts";
import { readManifests, YamlError } from "../../yaml/index.ts";
import type { KmsPorts } from "../ports.ts";

/** A key as the original writes it: `REGION:UUID`. Undefined when it is none; the region becomes part of a host name. */
export function parseHuaweiKey(text: string): { readonly region: string; readonly id: string } | undefined {
  const at = text.indexOf(":");
  const region = text.slice(0, Math.max(at, 0)).trim();
  const id = text.slice(at + 1).trim();
  return /^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$/.test(region) && id !== "" ? { region, id } : undefined;
}

const domainOf = (region: string) => (region.startsWith("eu-west-101") ? "myhuaweicloud.eu" : "myhuaweicloud.com");

/**
 * Where the key service of a region is: `HUAWEICLOUD_SDK_REGION_KMS_<REGION>`, the regions file, else the public address.
 * Undefined when a setting is no address.
 */
export async function kmsEndpoint(ports: KmsPorts, region: string): Promise<URL | undefined> {
  const variable = `HUAWEICLOUD_SDK_REGION_KMS_${region.toUpperCase().replaceAll("-", "_")}`;
  const configured = ports.env(variable)?.split(",")[0] ?? (await ofRegionsFile(ports, region));
  return addressOf(configured ?? `https://kms.${region}.${domainOf(region)}`);
}

/** Where projects are asked for. Undefined when a setting is no address. */
export function iamEndpoint(
  { env }: Pick<KmsPorts, "env">,
  region: string,
  ofFile: string | undefined,
): URL | undefined {
  const configured = ofFile ?? env("HUAWEICLOUD_SDK_IAM_ENDPOINT");
  if (configured === undefined) return new URL(`https://iam.${region}.${domainOf(region)}`);
  return addressOf(configured.includes("://") ? configured : `https://${configured}`);
}

function addressOf(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" ? url : undefined;
}

/** `KMS: [{id: REGION, endpoint: …}]`, or with a list `endpoints`. A file that is no YAML is as good as none. */
async function ofRegionsFile(ports: KmsPorts, region: string): Promise<string | undefined> {
  const path = ports.env("HUAWEICLOUD_SDK_REGIONS_FILE") ?? `${ports.home}/.huaweicloud/regions.yaml`;
  const bytes = await ports.readFile(path);
  const text = bytes === undefined ? undefined : decodeUtf8(bytes);
  if (text === undefined) return undefined;
  const entries = fieldOf(firstDocument(text), "KMS");
  const entry = Array.isArray(entries) ? entries.find((item) => fieldOf(item, "id") === region) : undefined;
  const list = fieldOf(entry, "endpoints");
  const endpoint = fieldOf(entry, "endpoint") ?? (Array.isArray(list) ? list[0] : undefined);
  return typeof endpoint === "string" ? endpoint : undefined;
}

function firstDocument(text: string): unknown {
  try {
    return readManifests(text, { mode: "lenient" }).manifests[0]?.value;
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
