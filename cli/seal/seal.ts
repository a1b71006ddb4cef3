import type { KubeObject } from "../../src/objects/index.ts";
import { SCOPES, type Scope } from "../../src/sealed/index.ts";
import { type SealOptions, sealWithAge } from "../../src/secrets/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { certificateFlags, ownCertificates } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readFile, readStdin, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, write } from "../output.ts";
import { checkSecretSizes, sealDocuments } from "./documents.ts";

export const sealCommand = defineCommand({
  name: "seal",
  summary: "Turn Secrets into something that is safe to commit: a SealedSecret, or a manifest encrypted with age",
  positionals: { usage: "[FILE...]", max: 1000 },
  examples: [
    { what: "For the controller of the current cluster", command: "sealkit seal secret.yaml > sealed.yaml" },
    {
      what: "Without a cluster, for a certificate",
      command: "sealkit seal --cert cert.pem < secret.yaml > sealed.yaml",
    },
    {
      what: "With age, as a SOPS manifest that a Kustomization decrypts",
      command: "sealkit seal --age age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p secret.yaml",
    },
  ],
  description:
    "Reads YAML or JSON, one Secret or many, and writes the same form. Nothing but Secrets is accepted, and what other\n" +
    "tools read in silence (a key that is there twice, a number where text is wanted) is refused with its line.",
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
    noHints: flag.toggle({ help: "Do not note in an annotation for which key the items were sealed" }),
    ...certificateFlags,
  },
  async run({ flags, args, io }) {
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
          const sealed: KubeObject[] = await sealDocuments(bytes, file, sealOptions(flags, certificate));
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
