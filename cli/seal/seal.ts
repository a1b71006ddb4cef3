import type { KubeObject } from "../../src/objects/index.ts";
import { SCOPES } from "../../src/sealed/index.ts";
import { sealWithAge } from "../../src/secrets/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { clusterFlags, selectionOf } from "../cluster-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readFile, readStdin, replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { KubesealError } from "../kubeseal/errors.ts";
import { note, write } from "../output.ts";
import { sealDocuments } from "./documents.ts";

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
    cert: flag.text({ placeholder: "FILE|URL", help: "Certificate to seal with; the cluster is not asked then" }),
    age: flag.texts({ placeholder: "RECIPIENT", help: "Encrypt with age to this recipient instead; may be repeated" }),
    scope: flag.choice(SCOPES, { help: "What the values are bound to; without it the Secret's annotations decide" }),
    namespace: flag.text({ short: "n", placeholder: "NAME", help: "Namespace for Secrets that name none" }),
    name: flag.text({ placeholder: "NAME", help: "Name to give the Secret" }),
    allowEmptyData: flag.toggle({ help: "Seal Secrets that hold no data" }),
    format: flag.choice(["yaml", "json"], { short: "o", help: "Form of the result; without it that of the input" }),
    output: flag.text({ short: "w", placeholder: "FILE", help: "Write to this file, in one step, instead of stdout" }),
    controllerName: flag.text({
      placeholder: "NAME",
      default: "sealed-secrets-controller",
      help: "Service of the controller",
      group: "Cluster",
    }),
    controllerNamespace: flag.text({
      placeholder: "NAME",
      default: "kube-system",
      help: "Namespace of the controller",
      group: "Cluster",
    }),
    ...clusterFlags,
  },
  async run({ flags, args, io }) {
    const inputs = await readInputs(args, io);
    const texts: string[] = [];
    if (flags.age.length > 0) {
      refuseTogether(flags);
      for (const { bytes, file } of inputs) {
        const format = flags.format ?? formatOf(bytes);
        texts.push(await sealWithAge(bytes, { recipients: flags.age, now: io.now(), format, file }));
      }
    } else {
      const certificate = await certificateOf(flags, io);
      const { printObject } = await import("../kubeseal/print.ts");
      for (const { bytes, file } of inputs) {
        const format = flags.format ?? formatOf(bytes);
        const sealed: KubeObject[] = await sealDocuments(bytes, file, {
          spki: certificate.spki,
          scope: flags.scope,
          namespace: flags.namespace,
          name: flags.name,
          allowEmptyData: flags.allowEmptyData,
        });
        texts.push(...sealed.map((object) => printObject(object, format)));
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
  readonly cert: string | undefined;
  readonly scope: string | undefined;
  readonly controllerName: string;
  readonly controllerNamespace: string;
}

/** The certificate to seal with. What is wrong with a file is told in our own words, with its name. */
async function certificateOf(
  flags: SealFlags & Parameters<typeof selectionOf>[0],
  io: Io,
): Promise<SealingCertificate> {
  try {
    return await soleCertificate(flags, io);
  } catch (error) {
    if (error instanceof KubesealError && error.cause instanceof CliError) throw error.cause;
    throw error;
  }
}

async function soleCertificate(
  flags: SealFlags & Parameters<typeof selectionOf>[0],
  io: Io,
): Promise<SealingCertificate> {
  const { sealingCertificates } = await import("../certificates/sealing-certificates.ts");
  const { cert, controllerName, controllerNamespace } = flags;
  const [obtained] = await sealingCertificates(
    {
      certs: cert === undefined ? [] : [cert],
      fingerprints: [],
      maxAgeMs: 0,
      controllerName,
      controllerNamespace,
      selection: selectionOf(flags, io),
    },
    io,
  );
  if (obtained === undefined) throw new RangeError("certificates: expected one for each source, got none");
  return obtained.certificate;
}

function refuseTogether({ cert, scope }: SealFlags): void {
  const given = cert === undefined ? (scope === undefined ? undefined : "--scope") : "--cert";
  if (given === undefined) return;
  throw new CliError("CLI_BAD_FLAG", `Cannot run sealkit seal: --age and ${given} do not go together`, {
    hints: ["use --cert for a SealedSecret, or --age for a SOPS manifest"],
  });
}
