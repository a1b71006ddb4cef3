import { describePlace, type ItemReport, type SealedPlaceName } from "../../src/secrets/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import { shortFingerprint } from "../keys/list.ts";
import { table } from "../output.ts";
import type { LoadedKeys } from "../private-keys/load.ts";

/** What is known of one SealedSecret of a file. */
export interface ObjectReport {
  readonly file: string;
  /** From 1. */
  readonly document: number;
  readonly line: number;
  readonly object: string;
  readonly place: SealedPlaceName;
  readonly items: readonly ItemReport[];
  /** Whether its values are in one blob, as before version 0.6. */
  readonly legacy: boolean;
}

export interface ShowOptions {
  readonly keys: LoadedKeys | undefined;
  /** The certificate that the items may be for. */
  readonly certificate: SealingCertificate | undefined;
  /** Whole fingerprints. */
  readonly wide: boolean;
}

/** One row for an item. */
export function inspectTable(reports: readonly ObjectReport[], options: ShowOptions): string {
  const manyFiles = new Set(reports.map(({ file }) => file)).size > 1;
  const headings = [...(manyFiles ? ["FILE"] : []), "OBJECT", "SCOPE", "ITEM", "BITS", "BYTES", "KEY", "STATE"];
  const rows = reports.flatMap((report) => {
    const { file, object, place, items, legacy } = report;
    const front = [...(manyFiles ? [file] : []), object, place.scope];
    if (items.length === 0)
      return [[...front, "", "", "", "", legacy ? "in the form before 0.6: not looked at" : "no items"]];
    return items.map((item) => [
      ...front,
      item.item,
      String(item.bits ?? ""),
      String(item.clearBytes ?? ""),
      keyText(item, options),
      stateText(item, options),
    ]);
  });
  return table(headings, rows);
}

/** One object for machines; field names stay. */
export function inspectEntry(report: ObjectReport, options: ShowOptions): Record<string, unknown> {
  const { file, document, line, place, items } = report;
  return {
    file,
    document,
    line,
    namespace: place.namespace,
    name: place.name,
    scope: place.scope,
    items: items.map((item) => itemEntry(item, options)),
  };
}

function itemEntry(report: ItemReport, { keys, certificate }: ShowOptions): Record<string, unknown> {
  const { item, bits, clearBytes, defect, claims, hintIsStale, opening } = report;
  return {
    item,
    bits,
    bytes: clearBytes,
    defect,
    claimedKey: claims,
    hintIsStale: hintIsStale ? true : undefined,
    fitsCertificate: certificate === undefined || bits === undefined ? undefined : bits === certificate.bits,
    opens: opening === undefined ? undefined : opening.kind === "opens",
    key:
      opening?.kind === "opens" ? opening.key : opening?.kind === "elsewhere" ? opening.sealedFor.openedBy : undefined,
    keyName: keys === undefined ? undefined : nameOfKey(report, keys),
    sealedFor: opening?.kind === "elsewhere" ? sealedForEntry(opening.sealedFor) : undefined,
  };
}

function sealedForEntry({ scope, namespace, name }: SealedPlaceName): Record<string, string> {
  if (scope === "cluster-wide") return { scope };
  return scope === "namespace-wide" ? { scope, namespace } : { scope, namespace, name };
}

function nameOfKey({ opening }: ItemReport, { names }: LoadedKeys): string | undefined {
  if (opening?.kind === "opens") return names.get(opening.key);
  return opening?.kind === "elsewhere" ? names.get(opening.sealedFor.openedBy) : undefined;
}

function keyText(report: ItemReport, { keys, wide }: ShowOptions): string {
  const { opening, claims } = report;
  const name = keys === undefined ? undefined : nameOfKey(report, keys);
  const opened =
    opening?.kind === "opens" ? opening.key : opening?.kind === "elsewhere" ? opening.sealedFor.openedBy : undefined;
  const key = opened ?? claims;
  if (key === undefined) return "";
  const shown = wide ? key : shortFingerprint(key);
  return opened === undefined ? `claims ${shown}` : wide && name !== undefined ? `${name} ${shown}` : (name ?? shown);
}

function stateText({ bits, defect, claims, hintIsStale, opening }: ItemReport, { certificate }: ShowOptions): string {
  if (defect !== undefined) return `damaged: ${defect}`;
  switch (opening?.kind) {
    case "opens":
      return claims !== undefined && claims !== opening.key ? "opens; its hint claims another key" : "opens";
    case "elsewhere":
      return `sealed for ${describePlace(opening.sealedFor)}`;
    case "closed":
      return `no key opens it (${opening.placesTried} places tried${opening.isCut ? ", more were left" : ""})`;
    default:
      break;
  }
  const hint = hintIsStale ? "changed since its hint was written" : "";
  if (certificate === undefined) return hint;
  const fits = bits === certificate.bits;
  if (!fits) return `not for this certificate: that has ${certificate.bits} bits`;
  if (claims !== undefined)
    return claims === certificate.fingerprint ? "claims this certificate" : "claims another certificate";
  return ["may be for this certificate", hint].filter((part) => part !== "").join("; ");
}
