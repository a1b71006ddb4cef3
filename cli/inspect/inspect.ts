import { type ItemReport, inspectItems, inspectWithKeys, placeOf } from "../../src/secrets/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { certificateFlags, controllerFlags, ownCertificates } from "../certificates/own-flags.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { note, write } from "../output.ts";
import { privateKeyFlags } from "../private-keys/flags.ts";
import { type LoadedKeys, loadKeys, wantsKeys } from "../private-keys/load.ts";
import { withProgress } from "../progress.ts";
import { type SealedInput, sealedInputs } from "../sealed-file/inputs.ts";
import { type Neighbours, neighboursOf } from "../sealed-file/neighbours.ts";
import { nameOf } from "../sealed-file/pick.ts";
import { inspectEntry, inspectTable, type ObjectReport } from "./report.ts";

const FORMS = ["table", "wide", "json", "yaml"] as const;

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "Tell what can be known of sealed items, without a cluster",
  positionals: { usage: "[FILE|DIR|-]...", max: 1000 },
  examples: [
    { what: "Sizes, scopes and what the hints claim", command: "sealkit inspect sealed.yaml" },
    {
      what: "Which key opens each item, and if none, why",
      command: "sealkit inspect ./fleet -k keys.age -i identity.txt",
    },
    {
      what: "It was in another namespace once",
      command: "sealkit inspect sealed.yaml -k tls.key --try-namespace team-a --try-name old-db",
    },
  ],
  description:
    "Without keys: for each item the size of the RSA key that it was sealed for, the length of its clear text, and the key\n" +
    "that its hint names (claims: nothing proves it). With --cert also whether it can be for that certificate, by its size.\n" +
    "With keys: which one opens it where it stands; else it is tried for the other scopes, and for the names and namespaces\n" +
    "of its template, of all other SealedSecrets of the input, of default, and of --try-name and --try-namespace.\n" +
    "Exit status: 1 when an item is damaged or, with keys, does not open where it stands; 0 otherwise. Clear text is never\n" +
    "shown: sealkit unseal does that.",
  flags: {
    format: flag.choice(FORMS, { short: "o", default: "table", help: "Form of the result" }),
    output: flag.choice(FORMS, { hidden: true, help: "Another name of --format" }),
    cert: flag.text({ placeholder: "FILE|URL", help: "Say whether the items can be for this certificate" }),
    ...privateKeyFlags,
    tryName: flag.texts({ placeholder: "NAME", help: "A name to try for items that do not open; may be repeated" }),
    tryNamespace: flag.texts({ placeholder: "NAME", help: "A namespace to try; may be repeated" }),
    maxPlaces: flag.number({
      default: 200,
      max: 100_000,
      placeholder: "N",
      help: "How many places to try for one SealedSecret",
    }),
    certFingerprint: certificateFlags.certFingerprint,
    ...controllerFlags,
  },
  async run({ flags, args, io }) {
    const format = flags.output ?? flags.format;
    const inputs = await sealedInputs(args, io);
    const [obtained] =
      flags.cert === undefined ? [] : await ownCertificates([flags.cert], { ...flags, certMaxAge: 0 }, io);
    const keys = wantsKeys(flags) ? await loadKeys(flags, io) : undefined;
    const neighbours = neighboursOf(inputs, { names: flags.tryName, namespaces: flags.tryNamespace });
    const reports = await inspectAll(inputs, { keys, neighbours, maxPlaces: flags.maxPlaces, io });
    const certificate = obtained?.certificate;
    const shown = { keys, certificate, wide: format === "wide" };
    if (reports.length === 0) await note(io, "No SealedSecret found");
    else if (format === "json" || format === "yaml") {
      const entries = reports.map((report) => inspectEntry(report, shown));
      const json = () => `${printJson(entries, { indent: "  ", escapeHtml: false })}\n`;
      await write(io.stdout, format === "json" ? json() : printSigs(entries));
    } else await write(io.stdout, inspectTable(reports, shown));
    const isBad = ({ defect, opening }: ItemReport) =>
      defect !== undefined || (opening !== undefined && opening.kind !== "opens");
    return reports.some(({ items }) => items.some(isBad)) ? EXIT.failed : EXIT.ok;
  },
});

interface InspectContext {
  readonly keys: LoadedKeys | undefined;
  readonly neighbours: Neighbours;
  readonly maxPlaces: number;
  readonly io: Io;
}

async function inspectAll(
  inputs: readonly SealedInput[],
  { keys, neighbours, maxPlaces, io }: InspectContext,
): Promise<readonly ObjectReport[]> {
  const all = inputs.flatMap(({ source, sealed }) => sealed.map((one) => ({ source, one })));
  return await withProgress(io, "Inspecting", async (onStep) => {
    const reports: ObjectReport[] = [];
    for (const { source, one } of all) {
      const { view, document, line } = one;
      const items =
        keys === undefined
          ? inspectItems(view)
          : await inspectWithKeys(view, { keyring: keys.keyring, ...neighbours, maxPlaces });
      const place = placeOf(view);
      reports.push({
        file: source,
        document: document + 1,
        line,
        object: nameOf(one),
        place,
        items,
        legacy: view.legacyData !== undefined,
      });
      onStep(reports.length, all.length);
    }
    return reports;
  });
}
