import { ToolkitError } from "../../src/errors.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import {
  describePlace,
  type ItemReport,
  inspectWithKeys,
  type Opening,
  placeOf,
  remedyFor,
  type SealedInFile,
  SecretsError,
  secretManifest,
  unsealSecret,
} from "../../src/secrets/index.ts";
import { controllerFlags } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { count } from "../keys/backup.ts";
import { note, write } from "../output.ts";
import { privateKeyFlags } from "../private-keys/flags.ts";
import { type LoadedKeys, loadKeys, wantsKeys } from "../private-keys/load.ts";
import { errorText } from "../run.ts";
import { sealedInputs } from "../sealed-file/inputs.ts";
import { type Neighbours, neighboursOf } from "../sealed-file/neighbours.ts";

/** How many places are tried to say what an object that does not open was sealed for. */
const MAX_PLACES = 100;

export const unsealCommand = defineCommand({
  name: "unseal",
  summary: "Open SealedSecrets with private keys, without a controller",
  positionals: { usage: "[FILE|DIR|-]...", max: 1000 },
  examples: [
    { what: "With a private key", command: "sealkit unseal sealed.yaml -k tls.key" },
    {
      what: "With a backup of sealkit keys backup",
      command: "sealkit unseal sealed.yaml -k keys.age -i identity.txt -w secret.yaml",
    },
    {
      what: "With the keys of the cluster, for those who may read them",
      command: "sealkit unseal sealed.yaml --from-cluster",
    },
  ],
  description:
    "Prints the Secrets in the clear, all that the inputs hold, in their order. Objects of other kinds are left out. When one\n" +
    "does not open, nothing is printed, and the error says what it was sealed for; --keep-going prints the others.",
  flags: {
    ...privateKeyFlags,
    format: flag.choice(["yaml", "json"], { short: "o", default: "yaml", help: "Form of the result" }),
    output: flag.text({ short: "w", placeholder: "FILE", help: "Write to this file, mode 0600, instead of stdout" }),
    keepGoing: flag.toggle({ help: "Print those that open, also when others do not" }),
    ...controllerFlags,
  },
  async run({ flags, args, io }) {
    if (!wantsKeys(flags)) throw noKeys();
    const inputs = await sealedInputs(args, io);
    const keys = await loadKeys(flags, io);
    const neighbours = neighboursOf(inputs, { names: [], namespaces: [] });
    const opened: KubeObject[] = [];
    const failures: ToolkitError[] = [];
    for (const { source, sealed } of inputs) {
      for (const one of sealed) {
        const result = await open(one, { source, keys, neighbours });
        if (result instanceof ToolkitError) failures.push(result);
        else opened.push(result);
      }
    }
    const found = opened.length + failures.length;
    if (found === 0) throw nothing();
    for (const failure of failures) await write(io.stderr, errorText(failure, io));
    if (failures.length > 0 && !flags.keepGoing) {
      await note(
        io,
        `${failures.length} of ${found} do not open: nothing was printed (--keep-going prints the others)`,
      );
      return EXIT.failed;
    }
    await print(opened, flags, io);
    const others = inputs.reduce((sum, input) => sum + input.others, 0);
    if (others > 0) await note(io, `${count(others, "object")} of other kinds left out`);
    return failures.length > 0 ? EXIT.failed : EXIT.ok;
  },
});

interface OpenContext {
  readonly source: string;
  readonly keys: LoadedKeys;
  readonly neighbours: Neighbours;
}

/** The Secret, or why it is not to be had. */
async function open(one: SealedInFile, { source, keys, neighbours }: OpenContext): Promise<KubeObject | ToolkitError> {
  try {
    const { secret } = await unsealSecret(one.object, keys.keyring, { acceptLegacyData: true });
    // An owner without a uid is refused by the API server, and outside a cluster there is none.
    const { ownerReferences, ...metadata } = secret.metadata;
    return secretManifest({ ...secret, metadata });
  } catch (cause) {
    if (!(cause instanceof SecretsError)) throw cause;
    const found = cause.code === "SECRETS_UNSEAL_FAILED" ? await sealedElsewhere(one, keys, neighbours) : [];
    const { code, message, original, items, details } = cause;
    const place = `in "${source}", document ${one.document + 1} (line ${one.line})`;
    const own = placeOf(one.view);
    const remedies = [...new Set(found.map(({ opening }) => remedyFor(opening.sealedFor, own)))];
    // Of what is known for each item, general advice would only lead away.
    const isExplained = found.length > 0 && found.length === items.length;
    const hints = isExplained ? remedies : [...remedies, ...cause.hints, furtherHint(cause)];
    return new SecretsError(code, message, {
      original,
      items,
      details: [place, ...details, ...causesText(found, keys.names)],
      hints: hints.filter((hint) => hint !== undefined),
      cause,
    });
  }
}

/** For items that keys were tried on: where more places can be tried. */
function furtherHint({ items }: SecretsError): string | undefined {
  return items.some(({ tried }) => tried.length > 0)
    ? "was it renamed or moved? sealkit inspect, with the same arguments and --try-name NAME or --try-namespace NAME, looks further"
    : undefined;
}

type SealedElsewhere = ItemReport & { readonly opening: Opening & { kind: "elsewhere" } };

async function sealedElsewhere(
  { view }: SealedInFile,
  { keyring }: LoadedKeys,
  neighbours: Neighbours,
): Promise<readonly SealedElsewhere[]> {
  const reports = await inspectWithKeys(view, { keyring, ...neighbours, maxPlaces: MAX_PLACES });
  return reports.flatMap((report) =>
    report.opening?.kind === "elsewhere" ? [{ ...report, opening: report.opening }] : [],
  );
}

function causesText(found: readonly SealedElsewhere[], names: LoadedKeys["names"]): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { item, opening } of found) {
    const text = causeText(opening, names);
    places.set(text, [...(places.get(text) ?? []), `"${item}"`]);
  }
  return [...places].map(([text, items]) => `${items.length === 1 ? "item" : "items"} ${items.join(", ")}: ${text}`);
}

function causeText({ sealedFor }: Opening & { kind: "elsewhere" }, names: LoadedKeys["names"]): string {
  const { openedBy } = sealedFor;
  return `key ${names.get(openedBy) ?? openedBy} opens it, but it was sealed for ${describePlace(sealedFor)}`;
}

async function print(
  opened: readonly KubeObject[],
  { format, output }: { readonly format: "yaml" | "json"; readonly output: string | undefined },
  io: Io,
): Promise<void> {
  const { printObject } = await import("../kubeseal/print.ts");
  const text = opened.map((object) => printObject(object, format)).join("");
  if (output === undefined) await write(io.stdout, text);
  else {
    await replaceFile(io, output, text, { mode: 0o600, clearsLeftovers: true });
    await note(io, `Opened ${count(opened.length, "SealedSecret")} into ${output}`);
  }
}

function noKeys(): CliError {
  return new CliError("CLI_BAD_FLAG", "Cannot run sealkit unseal: no private key was named", {
    hints: [
      "sealkit unseal FILE --private-key KEYFILE",
      "sealkit unseal FILE --from-cluster, for those who may read the controller's Secrets",
    ],
  });
}

function nothing(): CliError {
  return new CliError("CLI_BAD_INPUT", "Cannot unseal anything: the input holds no SealedSecret");
}
