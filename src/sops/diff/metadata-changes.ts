import { masterKeyName } from "../keys/master-key-name.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { DEFAULT_SELECTOR } from "../values/selector.ts";

/** A difference of what files say about their encryption. All of it is public. */
export interface MetadataChange {
  readonly what: "recipient" | "selector" | "threshold" | "key groups" | "mac_only_encrypted" | "version";
  /** Absent when there was none. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** What differs in metadata. Times, MACs and encrypted data keys are left out: they differ after every change. */
export function compareMetadata(before: Metadata, after: Metadata): MetadataChange[] {
  const [left, right] = [keyNames(before), keyNames(after)];
  const changes: MetadataChange[] = [
    ...left.filter((name) => !right.includes(name)).map((name) => ({ what: "recipient" as const, before: name })),
    ...right.filter((name) => !left.includes(name)).map((name) => ({ what: "recipient" as const, after: name })),
  ];
  const pairs: readonly (readonly [MetadataChange["what"], string, string])[] = [
    ["key groups", String(before.keyGroups.length), String(after.keyGroups.length)],
    ["threshold", String(before.shamirThreshold), String(after.shamirThreshold)],
    ["selector", selectorText(before), selectorText(after)],
    ["mac_only_encrypted", String(before.macOnlyEncrypted), String(after.macOnlyEncrypted)],
    ["version", before.version, after.version],
  ];
  for (const [what, one, other] of pairs) if (one !== other) changes.push({ what, before: one, after: other });
  return changes;
}

/** All recipients with their kind and, where there are several groups, their group: `age age1…`, `pgp … (group 2)`. */
export function keyNames({ keyGroups }: Metadata): string[] {
  return keyGroups.flatMap((group, index) =>
    group.map((key) => `${key.type} ${masterKeyName(key)}${keyGroups.length > 1 ? ` (group ${index + 1})` : ""}`),
  );
}

/** `encrypted_regex: ^data$`. */
export function selectorText({ selector = DEFAULT_SELECTOR }: Metadata): string {
  return `${selector.kind}: ${selector.pattern}`;
}
