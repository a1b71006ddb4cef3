import { ToolkitError } from "../../src/errors.ts";
import { isAgeFile, isKeySecret, listSealingKeys, unsealingKeys } from "../../src/keys/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import { Keyring, type UnsealingKey } from "../../src/sealed/index.ts";
import { decodeSecret, objectsInFile } from "../../src/secrets/index.ts";
import { readCertificate, readPrivateKey, X509Error } from "../../src/x509/index.ts";
import { YamlError, type YamlValue } from "../../src/yaml/index.ts";
import { CliError } from "../errors.ts";
import { readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { openBackup } from "../keys/open-backup.ts";
import { keyPlace, type PlaceFlags, withCluster } from "../keys/place.ts";
import { warn } from "../output.ts";

/** Private keys, and what to call them. */
export interface LoadedKeys {
  readonly keyring: Keyring;
  /** Fingerprint to the key's name for people: that of its Secret, or of its file. */
  readonly names: ReadonlyMap<string, string>;
}

/** Where private keys are to come from. */
export interface KeySources {
  /** PEM files, files of key Secrets, backups. */
  readonly privateKey: readonly string[];
  /** Files of age identities, which open backups. */
  readonly identity: readonly string[];
  /** Read the key Secrets of the cluster, with the rights of whoever runs the command. */
  readonly fromCluster: boolean;
}

interface NamedKey extends UnsealingKey {
  readonly name: string;
}

/** Whether any key was asked for at all. */
export function wantsKeys({ privateKey, fromCluster }: KeySources): boolean {
  return privateKey.length > 0 || fromCluster;
}

/**
 * The private keys that a command line names. A file that holds no usable key is named in a warning, with the reason.
 *
 * @throws {CliError} `CLI_BAD_INPUT` when there is not one usable key; {KubeError}
 */
export async function loadKeys(sources: KeySources & PlaceFlags, io: Io): Promise<LoadedKeys> {
  const keys: NamedKey[] = [];
  const problems: string[] = [];
  for (const path of sources.privateKey) {
    const found = await keysInFile(path, sources.identity, io);
    keys.push(...found.keys);
    problems.push(...found.problems);
  }
  if (sources.fromCluster) keys.push(...(await keysOfCluster(sources, io)));
  if (keys.length === 0) {
    throw new CliError("CLI_BAD_INPUT", "Cannot open anything: there is no usable private key", {
      details: problems,
      hints: [
        "--private-key takes PEM files, key Secrets (YAML or JSON, also in a List) and backups of sealkit keys backup",
      ],
    });
  }
  for (const problem of problems) await warn(io, problem);
  return {
    keyring: new Keyring(keys),
    names: new Map(keys.toReversed().map(({ fingerprint, name }) => [fingerprint, name])),
  };
}

interface Found {
  readonly keys: readonly NamedKey[];
  /** What is not used, and why. */
  readonly problems: readonly string[];
}

async function keysInFile(path: string, identityFiles: readonly string[], io: Io): Promise<Found> {
  const bytes = await readFile(io, path);
  if (isAgeFile(bytes)) {
    const remedy = `--private-key ${path} -i IDENTITY`;
    const { secrets } = await openBackup(io, path, { identityFiles, remedy });
    return keysOfSecrets(
      secrets.filter((secret) => isKeySecret(secret)),
      path,
    );
  }
  const text = new TextDecoder().decode(bytes);
  if (/^-----BEGIN /m.test(text)) {
    try {
      return { keys: [{ ...readPrivateKey(text), notBefore: notBeforeOf(text), name: path }], problems: [] };
    } catch (cause) {
      if (!(cause instanceof X509Error)) throw cause;
      return { keys: [], problems: [`no key is used of "${path}": ${reasonOf(cause)}`] };
    }
  }
  try {
    const objects = objectsInFile(bytes, path).flatMap(({ value }) => secretsOf(value));
    if (objects.length === 0)
      return { keys: [], problems: [`no key is used of "${path}": it holds neither PEM nor a Secret`] };
    return keysOfSecrets(objects, path);
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    return { keys: [], problems: [`no key is used of "${path}": it is neither PEM, nor YAML, nor a backup`] };
  }
}

/** A Secret, or those of a SecretList, which name neither kind nor version. */
function secretsOf(value: YamlValue): KubeObject[] {
  if (!isRecord(value)) return [];
  const items = value["kind"] === "SecretList" ? value["items"] : undefined;
  const found = Array.isArray(items) ? items.filter(isRecord) : value["kind"] === "Secret" ? [value] : [];
  return found.map((secret) => ({
    ...secret,
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadataOf(secret["metadata"]),
  }));
}

function metadataOf(value: YamlValue | undefined): KubeObject["metadata"] {
  return isRecord(value) ? { ...value } : {};
}

function keysOfSecrets(secrets: readonly KubeObject[], path: string): Found {
  const keys: NamedKey[] = [];
  const problems: string[] = [];
  for (const [at, secret] of secrets.entries()) {
    const name = typeof secret.metadata.name === "string" ? secret.metadata.name : `Secret ${at + 1}`;
    try {
      const { data } = decodeSecret(secret);
      const key = data.get("tls.key");
      if (key === undefined) {
        problems.push(`no key is used of Secret "${name}" in "${path}": it has no tls.key`);
        continue;
      }
      const certificate = new TextDecoder().decode(data.get("tls.crt")?.reveal());
      const pem = new TextDecoder().decode(key.reveal());
      keys.push({ ...readPrivateKey(pem), notBefore: notBeforeOf(certificate), name });
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      problems.push(`no key is used of Secret "${name}" in "${path}": ${reasonOf(cause)}`);
    }
  }
  return { keys, problems };
}

/** The age of a key decides only which is tried first: a certificate that cannot be read does not cost the key. */
function notBeforeOf(pem: string): number {
  try {
    return readCertificate(pem).notBefore;
  } catch (cause) {
    if (cause instanceof X509Error) return 0;
    throw cause;
  }
}

function reasonOf({ message, details }: ToolkitError): string {
  return [message.replace(/^[^:]*: /, ""), ...details].join(", ");
}

async function keysOfCluster(flags: PlaceFlags, io: Io): Promise<readonly NamedKey[]> {
  return await withCluster(flags, io, async (client) => {
    const infos = await listSealingKeys(client, keyPlace(flags));
    const names = new Map(infos.map(({ fingerprint = "", name }) => [fingerprint, name]));
    return unsealingKeys(infos).map((key) => ({ ...key, name: names.get(key.fingerprint) ?? "" }));
  });
}

function isRecord(value: YamlValue | undefined): value is { [key: string]: YamlValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
