import {
  gcsStorage,
  type KmsPorts,
  type KvData,
  type KvPlace,
  kvPath,
  kvUrl,
  putObject,
  vaultKv,
} from "../../../src/kms/index.ts";
import { type Destination, KeyServiceError } from "../../../src/sops/index.ts";
import { jsonValue, parseJson, type YamlValue } from "../../../src/yaml/index.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";

/** What is published: the text of an encrypted file, or for Vault the data of one in clear, as JSON. */
export type Content = Uint8Array;

/** One file on its way to its place. */
export interface Upload {
  /** As people read it: `s3://bucket/prefix/name`. */
  readonly url: string;
  /** Tells of what is no obstacle. @throws {KeyServiceError | SopsFailure} */
  send(content: Content, warn: (message: string) => Promise<void>): Promise<void>;
}

const DEFAULT_VAULT = "https://127.0.0.1:8200";

/** How a file of this name gets to a destination. */
export function uploadTo(destination: Destination, name: string, ports: KmsPorts): Upload {
  switch (destination.kind) {
    case "s3": {
      const key = destination.prefix + name;
      const { bucket } = destination;
      return {
        url: `s3://${bucket}/${key}`,
        send: (content) => putObject(ports, { bucket, key }, content, { contentType: "application/octet-stream" }),
      };
    }
    case "gcs": {
      const object = destination.prefix + name;
      const { bucket } = destination;
      return {
        url: `gcs://${bucket}/${object}`,
        send: (content) => gcsStorage(ports).upload({ bucket, object }, content),
      };
    }
    case "vault": {
      const { mount, version } = destination;
      const address = destination.address || ports.env("VAULT_ADDR") || DEFAULT_VAULT;
      const path = `${destination.path}${destination.path.endsWith("/") ? "" : "/"}${name}`;
      const place: KvPlace = { address, mount, path, version };
      return { url: kvUrl(place), send: (content, warn) => sendToVault(ports, place, content, warn) };
    }
  }
}

/** Nothing is written when the data is there already: a new version would say nothing new. */
async function sendToVault(
  ports: KmsPorts,
  place: KvPlace,
  content: Content,
  warn: (message: string) => Promise<void>,
): Promise<void> {
  const data = dataOf(content, place);
  const engine = vaultKv(ports);
  try {
    const before = await engine.read(place);
    if (before !== undefined && sortedJson(before) === sortedJson(data)) return;
  } catch (error) {
    if (!(error instanceof KeyServiceError)) throw error;
    await warn(
      `Cannot check if destination secret already exists in ${kvPath(place)}. New version will be created even if the data has not been changed.`,
    );
  }
  await engine.write(place, data);
}

/** @throws {SopsFailure} for integers that JSON numbers of JavaScript cannot hold: they would be changed. */
function dataOf(content: Content, place: KvPlace): KvData {
  const value = jsonValue(parseJson(Buffer.from(content).toString("utf8"), { mode: "lenient" }));
  if (typeof value !== "object" || value === null || Array.isArray(value) || holdsLongInteger(value)) {
    const state = `a number in it has more than 53 bits\nhint: write it as a text, in quotes`;
    throw new SopsFailure(SOPS_EXIT.generic, `error: Cannot publish to ${kvUrl(place)}: ${state}`);
  }
  return value;
}

function holdsLongInteger(value: YamlValue): boolean {
  if (typeof value === "bigint") return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsLongInteger);
}

function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
