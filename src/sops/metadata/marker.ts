import type { Format } from "../format.ts";

/** What the encrypted form of each format cannot be without, found without parsing it. */
const MARKERS: Readonly<Record<Format, readonly RegExp[]>> = {
  yaml: [/sops/, /mac["']?\s*:|lastmodified["']?\s*:/i],
  json: [/"sops"/, /"mac"\s*:|"lastmodified"\s*:/i],
  binary: [/"sops"/, /"mac"\s*:\s*"ENC\[/],
  dotenv: [/^sops_mac=ENC\[/m],
  ini: [/^\[sops\]\s*$/m, /^mac\s*=\s*ENC\[/m],
};

/** Whether bytes may be an encrypted file of this format. False is sure, true is worth a closer look. */
export function mayBeEncrypted(bytes: Uint8Array, format: Format): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!text.includes("sops")) return false;
  const latin = text.toString("latin1");
  return MARKERS[format].every((marker) => marker.test(latin));
}
