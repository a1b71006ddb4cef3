import type { KubeObject } from "../../src/objects/index.ts";
import { SCOPES, type Scope } from "../../src/sealed/index.ts";
import { type SealOptions, sealWithAge } from "../../src/secrets/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { type CertificateFlagValues, certificateFlags, ownCertificates } from "../certificates/own-flags.ts";
import { selectionOf } from "../cluster-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { isDirectory, readFile, readStdin, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { findController } from "../kubeseal/controller.ts";
import { note, warn, write } from "../output.ts";
import { privateKeyFlags } from "../private-keys/flags.ts";
import { type KeySources, loadKeys, wantsKeys } from "../private-keys/load.ts";
import { checkSecretSizes, sealDocuments } from "./documents.ts";

export const sealCommand = defineCommand({
  name: "seal",
  summary: "Turn Secrets into something that is safe to commit: a SealedSecret, or a manifest encrypted with age",
  positionals: { usage: "[FILE|DIR|-]...", max: 1000 },
  examples: [
    { what: "For the controller of the current cluster", command: "sealkit seal secret.yaml > sealed.yaml" },
    {
      what: "Without a cluster, for a certificate",
      command: "sealkit seal --cert cert.pem < secret.yaml > sealed.yaml",
    },
    {
      what: "Every Secret below a folder, each file in its place",
      command: "sealkit seal ./apps --in-place --cert cert.pem",
    },
    { what: "In CI: nothing in the clear, nothing damaged", command: "sealkit seal --check ." },
    {
      what: "With age, as a SOPS manifest that a Kustomization decrypts",
      command: "sealkit seal --age age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p secret.yaml",
    },
  ],
  description:
    "Reads YAML or JSON, one Secret or many, and writes the same form. Nothing but Secrets is accepted, and what other\n" +
    "tools read in silence (a key that is there twice, a number where text is wanted) is refused with its line.\n" +
    "Of a folder, all manifests are looked through, and only Secrets in the clear are sealed: what is sealed already, SOPS\n" +
    "files, other objects, .git, and folders that a .gitignore leaves out stay as they are; links are not followed.\n" +
    "--check changes nothing. It fails (exit status 1) for Secrets in the clear, damaged items and, with keys or --verify,\n" +
    "items that do not open; without keys it tells what hints claim.",
  flags: {
    cert: flag.texts({
      placeholder: "FILE|URL",
      help: "Certificate to seal with; the cluster is not asked then. Several: one SealedSecret for each cluster",
    }),
    age: flag.texts({ placeholder: "RECIPIENT", help: "Encrypt with age to this recipient instead; may be repeated" }),
    scope: flag.choice(SCOPES, { help: "What the values are bound to; without it the Secret's annotations decide" }),
    namespace: flag.text({ short: "n", placeholder: "NAME", help: "Namespace for Secrets that name none" }),
    name: flag.text({ placeholder: "NAME", help: "Name to give the Secret" }),
    allowEmptyData: flag.toggle({ help: "Seal Secrets that hold no data" }),
    format: flag.choice(["yaml", "json"], { short: "o", help: "Form of the result; without it that of the input" }),
    output: flag.text({ short: "w", placeholder: "FILE", help: "Write to this file, in one step, instead of stdout" }),
    inPlace: flag.toggle({ help: "Of a folder: put each result in the place of its file", group: "Folders" }),
    out: flag.text({
      placeholder: "DIR",
      help: "Of a folder: write the results below this one, under the same names",
      group: "Folders",
    }),
    dryRun: flag.toggle({ help: "Of a folder: say what would be sealed, and change nothing", group: "Folders" }),
    check: flag.toggle({ help: "Say what is in the clear, damaged or does not open; change nothing", group: "Check" }),
    strict: flag.toggle({ help: "With --check: fail for warnings too", group: "Check" }),
    verify: flag.toggle({ help: "With --check: ask the controller about each SealedSecret", group: "Check" }),
    ...privateKeyFlags,
    noHints: flag.toggle({ help: "Do not note in an annotation for which key the items were sealed" }),
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
    if (flags.check) return await check(args, flags, io);
    refuseAlone(flags);
    if (await hasFolder(args, io)) return await folders(args, flags, io);
    const inputs = await readInputs(args, io);
    const texts: string[] = [];
    if (flags.age.length > 0) {
      refuseTogether(flags);
      for (const { bytes, file } of inputs) {
        const format = flags.format ?? formatOf(bytes);
        checkSecretSizes(bytes, file);
        texts.push(await sealWithAge(bytes, { recipients: flags.age, now: io.now(), format, file }));
      }
    } else {
      const obtained = await ownCertificates(flags.cert, flags, io);
      const { printObject } = await import("../kubeseal/print.ts");
      for (const { certificate } of obtained) {
        for (const { bytes, file } of inputs) {
          const format = flags.format ?? formatOf(bytes);
          const settings = { ...sealOptions(flags, certificate), onDoubt: (line: string) => warn(io, line) };
          const sealed: KubeObject[] = await sealDocuments(bytes, file, settings);
          texts.push(...sealed.map((object) => printObject(object, format)));
        }
      }
    }
    if (flags.output === undefined) await write(io.stdout, texts.join(""));
    else {
      await replaceFile(io, flags.output, texts.join(""));
      await note(io, `Sealed into ${flags.output}`);
    }
    return EXIT.ok;
  },
});

interface FolderFlags extends SealFlags, CertificateFlagValues {
  readonly cert: readonly string[];
  readonly age: readonly string[];
  readonly output: string | undefined;
  readonly inPlace: boolean;
  readonly out: string | undefined;
  readonly dryRun: boolean;
}

interface CheckFlags extends KeySources, CertificateFlagValues {
  readonly keyPrefix: string;
  readonly cert: readonly string[];
  readonly strict: boolean;
  readonly verify: boolean;
  readonly format: "yaml" | "json" | undefined;
}

async function hasFolder(args: readonly string[], io: Io): Promise<boolean> {
  const found = await Promise.all(args.map((word) => (word === "-" ? false : isDirectory(io, word))));
  return found.includes(true);
}

/** Every Secret below the folders that were named, and in the files. */
async function folders(args: readonly string[], flags: FolderFlags, io: Io): Promise<number> {
  const { inPlace, out, dryRun, age, output, name, cert } = flags;
  if (age.length > 0) throw folderUsage("--age seals single files", "sealkit seal --age RECIPIENT FILE");
  if (name !== undefined) throw folderUsage("--name is for one Secret", "sealkit seal --name NAME FILE");
  if (output !== undefined) throw folderUsage("-w is for one result", "--out DIR writes the results below a folder");
  if (cert.length > 1)
    throw folderUsage("it seals for one certificate at a time", "call it once for each --cert, with --out");
  if (inPlace && out !== undefined) throw folderUsage("--in-place and --out do not go together", "choose one of them");
  if (!inPlace && out === undefined && !dryRun) {
    throw folderUsage(
      "it is not said where the results go",
      "--in-place, --out DIR, or --dry-run to see what would be done",
    );
  }
  const { sealFolders } = await import("./folders.ts");
  const [obtained] = dryRun && cert.length === 0 ? [] : await ownCertificates(cert, flags, io);
  const fingerprint = obtained?.certificate.fingerprint ?? "the key of the controller";
  if (dryRun || obtained === undefined) return await sealFolders(args, { seal: undefined, out, fingerprint }, io);
  const { spki, hintFor, scope, allowEmptyData } = sealOptions(flags, obtained.certificate);
  const seal = { spki, hintFor, scope, allowEmptyData, defaultNamespace: flags.namespace };
  return await sealFolders(args, { seal, out, fingerprint }, io);
}

async function check(args: readonly string[], flags: CheckFlags, io: Io): Promise<number> {
  const { checkFolders } = await import("./check.ts");
  const obtained = flags.cert.length === 0 ? [] : await ownCertificates(flags.cert, flags, io);
  const keys = wantsKeys(flags) ? await loadKeys(flags, io) : undefined;
  const controller = flags.verify
    ? await findController({ ...flags, selection: selectionOf(flags, io) }, io)
    : undefined;
  try {
    const run = {
      certificates: obtained.map(({ certificate }) => certificate),
      keys,
      controller,
      strict: flags.strict,
      format: flags.format === "json" ? ("json" as const) : ("table" as const),
    };
    return await checkFolders(args.length === 0 ? ["."] : args, run, io);
  } finally {
    await controller?.close();
  }
}

/** Flags that say nothing without the one that they go with. */
function refuseAlone(flags: { readonly strict: boolean; readonly verify: boolean } & KeySources): void {
  const alone = flags.verify ? "--verify" : flags.strict ? "--strict" : wantsKeys(flags) ? "a private key" : undefined;
  if (alone === undefined) return;
  throw new CliError("CLI_BAD_FLAG", `Cannot run sealkit seal: ${alone} is of use with --check only`, {
    hints: ["sealkit seal --check DIR", "sealkit seal --help"],
  });
}

function folderUsage(state: string, hint: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot seal a folder: ${state}`, { hints: [hint] });
}

interface SealInput {
  readonly bytes: Uint8Array;
  /** Undefined for stdin. */
  readonly file: string | undefined;
}

async function readInputs(args: readonly string[], io: Io): Promise<readonly SealInput[]> {
  if (args.length > 0) {
    const files = args.map(async (file): Promise<SealInput> => ({ bytes: await readFile(io, file), file }));
    return await Promise.all(files);
  }
  if (io.stdin.isTTY === true) await note(io, "Reading a Secret from the terminal; end it with Ctrl-D");
  return [{ bytes: await readStdin(io), file: undefined }];
}

function formatOf(bytes: Uint8Array): "yaml" | "json" {
  const start = new TextDecoder().decode(bytes.subarray(0, 1024)).trimStart();
  return start.startsWith("{") ? "json" : "yaml";
}

interface SealFlags {
  readonly scope: Scope | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly allowEmptyData: boolean;
  readonly noHints: boolean;
}

function sealOptions(flags: SealFlags, { spki, fingerprint }: SealingCertificate): SealOptions {
  const { scope, namespace, name, allowEmptyData, noHints } = flags;
  return { spki, scope, namespace, name, allowEmptyData, hintFor: noHints ? undefined : fingerprint };
}

function refuseTogether({ cert, scope }: Pick<SealFlags, "scope"> & { readonly cert: readonly string[] }): void {
  const given = cert.length === 0 ? (scope === undefined ? undefined : "--scope") : "--cert";
  if (given === undefined) return;
  throw new CliError("CLI_BAD_FLAG", `Cannot run sealkit seal: --age and ${given} do not go together`, {
    hints: ["use --cert for a SealedSecret, or --age for a SOPS manifest"],
  });
}
