import type { AgeInspection } from "../../src/age/index.ts";
import { quoteGo } from "../../src/bytes/go-quote.ts";

const POST_QUANTUM: Readonly<Record<AgeInspection["postQuantum"], string>> = {
  yes: "This file uses post-quantum encryption.",
  no: "This file does NOT use post-quantum encryption.",
  unknown: "It is unknown whether this file uses post-quantum encryption.",
};

/** The page for people. `name`: how the file was called. */
export function asText(name: string, { version, postQuantum, isArmored, stanzaTypes, sizes }: AgeInspection): string {
  const { header, armor, overhead, payload } = sizes;
  const row = (label: string, bytes: number) => `    ${label.padEnd(22)}${String(bytes).padStart(10)} bytes`;
  return [
    `${name} is an age file, version "${version}".`,
    "",
    ...(isArmored ? ["This file is ASCII-armored.", ""] : []),
    "This file is encrypted to the following recipient types:",
    ...stanzaTypes.map((type) => `  - ${quoteGo(type)}`),
    "",
    POST_QUANTUM[postQuantum],
    "",
    "Size breakdown (assuming it decrypts successfully):",
    "",
    row("Header", header),
    ...(isArmored ? [row("Armor overhead", armor)] : []),
    row("Encryption overhead", overhead),
    row("Payload", payload),
    "                        -------------------",
    row("Total", header + armor + overhead + payload),
    "",
    "Tip: for machine-readable output, use --json.",
    "",
  ].join("\n");
}

/** The same for programs, with the fields of the original. age pads nothing yet, so least and most are the same. */
export function asJson({ version, postQuantum, isArmored, stanzaTypes, sizes }: AgeInspection): string {
  const fields = {
    version,
    postquantum: postQuantum,
    armor: isArmored,
    stanza_types: stanzaTypes,
    sizes: {
      header: sizes.header,
      armor: sizes.armor,
      overhead: sizes.overhead,
      min_payload: sizes.payload,
      max_payload: sizes.payload,
      min_padding: 0,
      max_padding: 0,
    },
  };
  // As Go prints JSON.
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(fields, null, 4).replace(/[<>&]/g, escaped)}\n`;
}
