import { join } from "node:path";
import { CliError } from "../errors.ts";
import { readFile, readTextFile, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";

/** A backup is far smaller; what is longer is something else. */
const MAX_BACKUP_BYTES = 64 * 1024 * 1024;
const MEDIA_TYPE = "application/age";
const ARTIFACT_TYPE = "application/vnd.sealkit.key-backup.v2";

export interface PlaceOptions {
  /** File with logins of registries, as `docker login` writes it. */
  readonly registryConfig?: string | undefined;
}

/** Whether a place is on another machine: a bucket or a registry. */
export function isRemotePlace(place: string): boolean {
  return place.startsWith("s3://") || place.startsWith("oci://");
}

/** Writes a backup to a file (mode 0600), a bucket or a registry. @throws {CliError}; {KeyServiceError}; {OciError} */
export async function writeBackup(io: Io, place: string, content: Uint8Array, options: PlaceOptions): Promise<void> {
  if (place.startsWith("s3://")) {
    const { putObject } = await import("../../src/kms/index.ts");
    await putObject(await ports(io), bucketPlace(place), content, { contentType: MEDIA_TYPE });
  } else if (place.startsWith("oci://")) {
    const { parseReference, pushFile } = await import("../../src/oci/index.ts");
    const reference = parseReference(place);
    const login = await registryLogin(io, reference.registry, options);
    await pushFile(
      await ports(io),
      reference,
      { content, mediaType: MEDIA_TYPE, artifactType: ARTIFACT_TYPE },
      { login },
    );
  } else if (place.endsWith("/")) {
    throw new CliError("CLI_BAD_FLAG", `Cannot write "${place}": it names a folder`, {
      hints: [`name a file in it: -o ${place}keys.age`],
    });
  } else await replaceFile(io, place, content, { mode: 0o600, clearsLeftovers: true });
}

/** Reads one from such a place. @throws {CliError} `CLI_FILE_MISSING` when it is not there; as `writeBackup` */
export async function readBackupPlace(io: Io, place: string, options: PlaceOptions = {}): Promise<Uint8Array> {
  if (!isRemotePlace(place)) return await readFile(io, place);
  const content = place.startsWith("s3://") ? await fromBucket(io, place) : await fromRegistry(io, place, options);
  if (content !== undefined) return content;
  throw new CliError("CLI_FILE_MISSING", `Cannot read "${place}": there is nothing of that name`, {
    hints: ["check bucket or registry, and the name behind it"],
  });
}

async function fromBucket(io: Io, place: string): Promise<Uint8Array | undefined> {
  const { getObject } = await import("../../src/kms/index.ts");
  return await getObject(await ports(io), bucketPlace(place), { maxBytes: MAX_BACKUP_BYTES });
}

async function fromRegistry(io: Io, place: string, options: PlaceOptions): Promise<Uint8Array | undefined> {
  const { parseReference, pullFile } = await import("../../src/oci/index.ts");
  const reference = parseReference(place);
  return await pullFile(await ports(io), reference, { login: await registryLogin(io, reference.registry, options) });
}

function bucketPlace(place: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(place) ?? [];
  if (bucket !== "") return { bucket, key };
  throw new CliError("CLI_BAD_FLAG", `Cannot use "${place}": it names no object of a bucket`, {
    hints: ["write it as s3://BUCKET/KEY"],
  });
}

async function registryLogin(io: Io, registry: string, { registryConfig }: PlaceOptions) {
  const { loginFor } = await import("../../src/oci/index.ts");
  const { credentialHelper } = await import("./credential-helper-adapter.ts");
  const helper = credentialHelper(io);
  if (registryConfig !== undefined) {
    return await loginFor(registry, { text: await readTextFile(io, registryConfig), file: registryConfig, helper });
  }
  const { DOCKER_CONFIG, HOME } = io.env;
  // An empty variable is none: the current folder may be of somebody else.
  const folder = DOCKER_CONFIG || (HOME ? join(HOME, ".docker") : undefined);
  if (folder === undefined) return undefined;
  const file = join(folder, "config.json");
  const text = await readTextFile(io, file).catch((cause: unknown) => {
    if (cause instanceof CliError && cause.code === "CLI_FILE_MISSING") return undefined;
    throw cause;
  });
  return text === undefined ? undefined : await loginFor(registry, { text, file, helper });
}

async function ports(io: Io) {
  const { systemPorts } = await import("../../src/kms/ports-adapter.ts");
  const { runForCredentials } = await import("../sops/keys/credential-process-adapter.ts");
  return systemPorts({ env: io.env, signal: io.signal, run: (line, options) => runForCredentials(io, line, options) });
}
