import { ToolkitError } from "../errors.ts";
import type { AuditPolicy } from "../policy/index.ts";
import {
  type CreationRule,
  type KeyGroup,
  type LockedFile,
  type MasterKey,
  masterKeyName,
  parseConfig,
  ruleFor,
  SERVICE_NAMES,
} from "../sops/index.ts";
import { type Finding, finding } from "./finding.ts";

/** What is kept of a SOPS file until all configurations are known. */
export interface SopsRecipients {
  readonly path: string;
  readonly keys: readonly MasterKey[];
}

/** What the metadata of a SOPS file says by itself. */
export function sopsFindings({ metadata }: LockedFile, path: string, policy: AuditPolicy): readonly Finding[] {
  const found: Finding[] = [];
  if (metadata.mac === "") found.push(finding("missing-mac", path));
  if (metadata.macOnlyEncrypted && !policy.allowMacOnlyEncrypted) found.push(finding("mac-only-encrypted", path));
  found.push(...leftFindings(metadata.keyGroups.flat(), path, policy));
  return found;
}

/** The recipients of a file without what encrypts the data key to them. */
export function recipientsOf({ metadata }: LockedFile, path: string): SopsRecipients {
  const keys = metadata.keyGroups.flat().map(({ type, fields }) => {
    return { type, fields: new Map([...fields].filter(([name]) => name !== "enc")) };
  });
  return { path, keys };
}

function leftFindings(keys: readonly MasterKey[], path: string, { leftRecipients }: AuditPolicy): readonly Finding[] {
  return leftRecipients.flatMap(({ recipient, who }) => {
    if (!keys.some((key) => isCalled(key, recipient))) return [];
    return [finding("left-recipient", path, { object: recipient, detail: who === undefined ? "" : who })];
  });
}

/** PGP fingerprints are written in parts and cases of all kinds. */
function isCalled(key: MasterKey, recipient: string): boolean {
  const name = masterKeyName(key);
  if (key.type !== "pgp") return name === recipient;
  const plain = recipient.replace(/\s+/g, "").toUpperCase();
  return plain.length >= 16 && name.toUpperCase().endsWith(plain);
}

export const CONFIG_NAME = ".sops.yaml";
const MAX_LISTED = 5;

/** The configurations of a repository, by the folder that they stand in; `""` for the top. */
export class SopsConfigs {
  readonly #rules = new Map<string, readonly CreationRule[]>();
  readonly #policy: AuditPolicy;

  constructor(policy: AuditPolicy) {
    this.#policy = policy;
  }

  /** Takes a configuration in, and tells what is wrong with it. */
  add(path: string, bytes: Uint8Array): readonly Finding[] {
    const folder = path.slice(0, Math.max(0, path.length - CONFIG_NAME.length - 1));
    try {
      const { creationRules = [] } = parseConfig(bytes, path);
      this.#rules.set(folder, creationRules);
      const keys = creationRules.flatMap((rule) => groupsOf(rule)?.flat() ?? []);
      return leftFindings(keys, path, this.#policy);
    } catch (cause) {
      if (!(cause instanceof ToolkitError)) throw cause;
      return [finding("unreadable-file", path, { detail: cause.message })];
    }
  }

  /** Recipients of a file that its rule does not name. Nothing when no rule is for it. */
  unlisted({ path, keys }: SopsRecipients): readonly Finding[] {
    const listed = this.#listedFor(path);
    if (listed === undefined) return [];
    const unlisted = keys.filter((key) => !listed.has(identityOf(key)));
    return unlisted
      .slice(0, MAX_LISTED)
      .map((key) =>
        finding("unlisted-recipient", path, { object: masterKeyName(key), detail: SERVICE_NAMES[key.type] }),
      );
  }

  #listedFor(path: string): ReadonlySet<string> | undefined {
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      const rules = this.#rules.get(folder);
      if (rules !== undefined) {
        const groups = ruleGroups(rules, folder === "" ? path : path.slice(folder.length + 1));
        return groups === undefined ? undefined : new Set(groups.flat().map(identityOf));
      }
      if (folder === "") return undefined;
    }
  }
}

function ruleGroups(rules: readonly CreationRule[], path: string): readonly KeyGroup[] | undefined {
  try {
    const groups = groupsOf(ruleFor(rules, path, CONFIG_NAME));
    return groups === undefined || groups.flat().length === 0 ? undefined : groups;
  } catch (cause) {
    if (cause instanceof ToolkitError) return undefined;
    throw cause;
  }
}

function groupsOf(rule: CreationRule): readonly KeyGroup[] | undefined {
  try {
    return rule.keyGroups();
  } catch (cause) {
    if (cause instanceof ToolkitError) return undefined;
    throw cause;
  }
}

function identityOf(key: MasterKey): string {
  const name = masterKeyName(key);
  return `${key.type} ${key.type === "pgp" ? name.toUpperCase() : name}`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
