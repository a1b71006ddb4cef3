import { availableParallelism } from "node:os";
import { ClearText } from "../../src/clear-text.ts";
import { ToolkitError } from "../../src/errors.ts";
import { type OpeningMeans, openingMeans, parseBackup, type SealingKeyInfo } from "../../src/keys/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { UnsealingKey } from "../../src/sealed/index.ts";
import { readCertificate, readPrivateKey, type SealingCertificate } from "../../src/x509/index.ts";
import { terminalPlugins } from "../age/plugins.ts";
import { CliError } from "../errors.ts";
import { readFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { openBackup } from "../keys/open-backup.ts";
import { identityCommands, storedIdentities } from "../sops/keys/identities-adapter.ts";
import { keyServicesForMany } from "../sops/keys/key-services.ts";
import type { OpeningFlagValues } from "./flags.ts";

/** Everything at hand that opens things, and the newest sealing key among it. */
export interface LoadedMeans extends OpeningMeans {
  /** Undefined when there is no sealing key, or none that says how old it is. */
  readonly newest: NewestKey | undefined;
  /** Whether there is any sealing key at all. */
  readonly hasSealingKeys: boolean;
}

export interface NewestKey {
  readonly certificate: SealingCertificate;
  /** For people: the name of its Secret, or of its file. */
  readonly name: string;
}

/** Key Secrets that come from elsewhere, such as a cluster. */
export interface MoreSecrets {
  readonly secrets?: readonly KubeObject[];
}

/**
 * The keys that a command line names: sealing keys of backups and private-key files, age identities of backups and of the
 * places where `sealkit sops` looks for them.
 *
 * @throws {CliError} `CLI_BAD_INPUT` for a file that holds no key; what `openBackup` throws.
 */
export async function loadMeans(
  flags: OpeningFlagValues,
  io: Io,
  { command, secrets: given = [] }: MoreSecrets & { readonly command: string },
): Promise<LoadedMeans> {
  const { backup, identity, share, recoveryPrivateKey, keyPrefix: prefix } = flags;
  const secrets: KubeObject[] = [...given];
  for (const path of backup) {
    const remedy = `sealkit ${command} --backup ${path} -i IDENTITY`;
    secrets.push(
      ...(await openBackup(io, path, { identityFiles: identity, shareFiles: share, prefix, remedy })).secrets,
    );
  }
  const files: KeyFile[] = [];
  for (const path of recoveryPrivateKey) files.push(await readKeyFile(path, prefix, io));
  const means = openingMeans(
    { secrets: [...secrets, ...files.flatMap((file) => file.secrets)] },
    {
      prefix,
      parallel: availableParallelism(),
      moreKeys: files.flatMap(({ key }) => (key === undefined ? [] : [key])),
      moreIdentities: await storedIdentities(io),
      askForIdentities: identityCommands(io),
      services: keyServicesForMany(io),
      plugins: terminalPlugins(io, "sops"),
    },
  );
  const newest = newestOf(means.sealingKeys, files);
  return { ...means, newest, hasSealingKeys: means.sealed.fingerprints.length > 0 };
}

interface KeyFile {
  readonly secrets: readonly KubeObject[];
  readonly key?: UnsealingKey;
  /** The certificate that stands beside a private key. */
  readonly pair?: NewestKey;
}

/** @throws {CliError} `CLI_BAD_INPUT` */
async function readKeyFile(path: string, prefix: string, io: Io): Promise<KeyFile> {
  const bytes = await readFile(io, path);
  const text = new TextDecoder().decode(bytes);
  try {
    if (!/^-----BEGIN /m.test(text)) return { secrets: parseBackup(new ClearText(bytes), prefix).secrets };
    const key = readPrivateKey(text);
    if (!/^-----BEGIN CERTIFICATE-----/m.test(text)) return { secrets: [], key: { ...key, notBefore: 0 } };
    const certificate = readCertificate(text);
    const pair = certificate.fingerprint === key.fingerprint ? { pair: { certificate, name: path } } : {};
    return { secrets: [], key: { ...key, notBefore: certificate.notBefore }, ...pair };
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    throw new CliError("CLI_BAD_INPUT", `Cannot use the private keys in "${path}": it holds none that is readable`, {
      cause,
      details: [cause.message.replace(/^[^:]*: /, ""), ...cause.details],
      hints: ["it takes PEM, or key Secrets as kubectl get secret -o yaml prints them"],
    });
  }
}

/** The key whose certificate begins last, of those that a controller would use. */
function newestOf(keys: readonly SealingKeyInfo[], files: readonly KeyFile[]): NewestKey | undefined {
  const first = keys.find(({ status }) => status === "newest");
  const ofSecrets =
    first?.pair === undefined || first.problem !== undefined
      ? []
      : [{ certificate: first.pair.certificate, name: first.name }];
  const all = [...ofSecrets, ...files.flatMap(({ pair }) => (pair === undefined ? [] : [pair]))];
  return all.toSorted((a, b) => b.certificate.notBefore - a.certificate.notBefore)[0];
}
