import { SopsError } from "../errors.ts";
import type { MasterKey } from "../metadata/metadata.ts";
import type { LoadedSource } from "./age-identities.ts";
import type { Keyring } from "./keyring.ts";
import { masterKeyName, SERVICE_NAMES } from "./master-key-name.ts";
import type { Counts, KeyAttempt, OpenedGroup } from "./open-group.ts";
import { originalReport } from "./original-report.ts";
import { type Subject, subjectName } from "./subject.ts";

/** The error of a file that stays closed: whom it is encrypted to, what was tried and where that was looked for. */
export function noDataKey(
  groups: readonly OpenedGroup[],
  counts: Counts,
  keyring: Keyring,
  subject: Subject,
): SopsError {
  const details = [
    ...groups.flatMap((group, index) => describeGroup(group, groups.length > 1 ? index : undefined)),
    ...describeSources(groups, keyring),
  ];
  const state =
    groups.length > 1
      ? `${counts.opened} of its ${groups.length} key groups can be opened, and it takes ${counts.needed}`
      : noneOpens(groups);
  return new SopsError("SOPS_NO_DATA_KEY", `Cannot decrypt ${subjectName(subject)}: ${state}`, {
    file: subject.file,
    details,
    hints: hintsFor(groups, keyring),
    upstream: originalReport(groups, counts),
  });
}

function noneOpens(groups: readonly OpenedGroup[]): string {
  return hasOnlyAge(groups) ? "no identity opens its data key" : "no key service opens its data key";
}

function hasOnlyAge(groups: readonly OpenedGroup[]): boolean {
  return groups.every(({ keys }) => keys.every(({ type }) => type === "age"));
}

function hasAge(groups: readonly OpenedGroup[]): boolean {
  return groups.some(({ keys }) => keys.some(({ type }) => type === "age"));
}

/** Whom a group is encrypted to. `index` counts from 0, as the original does; undefined for the only group. */
function describeGroup({ keys, opener, attempts }: OpenedGroup, index: number | undefined): string[] {
  const share = index === undefined ? "its data key" : `group ${index}: its share of the data key`;
  if (opener !== undefined) return [`${share} was opened for ${nameInText(opener)}`];
  return [
    keys.length === 0
      ? `${share} is encrypted to nobody`
      : `${share} is encrypted to: ${keys.map(nameInText).join(", ")}`,
    ...attempts.flatMap((attempt) => describeAttempt(attempt)),
  ];
}

function describeAttempt({ key, failures }: KeyAttempt): string[] {
  const name = nameInText(key);
  // Where identities were looked for stands below.
  const telling = failures.filter(({ code }) => key.type !== "age" || code !== "KEY_SERVICE_NO_MATCH");
  if (failures.length === 0) return [`${name}: nobody here answers for such keys`];
  return telling.flatMap(({ message, details }) => [`${name}: ${message}`, ...details.map((line) => `  ${line}`)]);
}

function describeSources(groups: readonly OpenedGroup[], { sources }: Keyring): string[] {
  if (!hasAge(groups)) return [];
  if (sources.length === 0) return ["tried: nothing, no place for identities was named"];
  const unset = sources.filter(({ isUnset }) => isUnset).map(({ where }) => where);
  return [
    ...sources.filter(({ isUnset }) => !isUnset).map(describeSource),
    ...(unset.length === 0 ? [] : [`nothing in ${unset.join(", ")}`]),
  ].map((line, index) => `${index === 0 ? "tried: " : "       "}${line}`);
}

function describeSource({ where, identities, problem }: LoadedSource): string {
  if (problem !== undefined) return `no identity in ${where}: ${problem}`;
  const names = identities.map(({ name }) => shorten(name)).join(", ");
  return `${identities.length} ${identities.length === 1 ? "identity" : "identities"} from ${where}: ${names}`;
}

const MAX_HINTS = 4;

function hintsFor(groups: readonly OpenedGroup[], { identities, sources }: Keyring): string[] {
  const own = identities.find(({ name }) => isRecipient(name))?.name;
  const ofServices = groups.flatMap(({ attempts }) =>
    attempts.flatMap(({ failures }) => failures.flatMap(({ hints }) => hints)),
  );
  // Who gives identities otherwise than by the places of the command knows best where they belong.
  const isCommand = sources.some(({ original }) => original !== undefined);
  const ofIdentities =
    identities.length === 0
      ? [
          isCommand
            ? "name the file with your identity: export SOPS_AGE_KEY_FILE=keys.txt"
            : "give it an age identity there",
        ]
      : [`ask an owner of one of these recipients to encrypt it to yours too${own === undefined ? "" : `: ${own}`}`];
  return [...new Set([...ofServices, ...(hasAge(groups) ? ofIdentities : [])])].slice(0, MAX_HINTS);
}

/** Age recipients are for comparing; all others say where the key is. */
function nameInText(key: MasterKey): string {
  const name = masterKeyName(key);
  return key.type === "age" ? shorten(name) : `${SERVICE_NAMES[key.type]} ${name}`;
}

/** Some identities cannot say whose they are. */
function isRecipient(name: string): boolean {
  return /^(age1|ssh-)/.test(name);
}

/** A recipient as people compare them: both ends. */
export function shorten(name: string): string {
  // Behind the key of SSH stands a comment, which is anything.
  const [, type, key] = /^(ssh-\S+) (\S+)/.exec(name) ?? [];
  if (type !== undefined && key !== undefined) return `${type} …${key.slice(-4)}`;
  return name.length <= 16 || !isRecipient(name) ? name : `${name.slice(0, 8)}…${name.slice(-4)}`;
}
