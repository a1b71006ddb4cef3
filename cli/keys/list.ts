import {
  type AgeIdentityInfo,
  listAgeIdentities,
  listSealingKeys,
  type Need,
  type SealingKeyInfo,
} from "../../src/keys/index.ts";
import { type KubeClient, KubeError } from "../../src/kube/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { note, shortAge, table, warn, write } from "../output.ts";
import { inForm } from "./form.ts";
import { findNeeds, openersOf } from "./needs.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";

export const listCommand = defineCommand({
  name: "keys list",
  summary: "Show the keys of a cluster and what needs them",
  examples: [
    { what: "All keys, newest first", command: "sealkit keys list" },
    { what: "Quickly, without counting what needs them", command: "sealkit keys list --skip-count" },
    { what: "For a program", command: "sealkit keys list -o json" },
  ],
  description:
    "The newest key seals; active ones open what was sealed for them; retired and compromised ones (another label than\n" +
    "active) are not read by the controller. A key is needed by a SealedSecret when it opens one of its items. After them the\n" +
    "age identities that Kustomizations decrypt with: their recipients, and with --repo how many SOPS files name these.",
  flags: {
    output: flag.choice(["table", "wide", "json", "yaml", "name"], { short: "o", default: "table", help: "Form" }),
    repo: flag.texts({ placeholder: "FOLDER", help: "Count what needs them in a repository too; may be repeated" }),
    allBranches: flag.toggle({ help: "Count what is committed in all branches of the repositories, too" }),
    skipCount: flag.toggle({ help: "Do not open SealedSecrets to count what needs which key" }),
    ...placeFlags,
  },
  run: ({ flags, io }) =>
    withCluster(flags, io, async (client) => {
      const keys = await listSealingKeys(client, keyPlace(flags));
      const { cluster: need, folders } = await findNeeds(io, keys, {
        client: flags.skipCount ? undefined : client,
        folders: flags.repo,
        branches: flags.allBranches,
        openers: openersOf(keys),
      });
      const inGit = folders.map(({ disk, branches }) => [disk, ...(branches === undefined ? [] : [branches])]);
      const ages = await agesOf(client, io);
      const named = inGit.map((states) => states.map(({ byRecipient }) => byRecipient));
      if (keys.length === 0) await note(io, `No sealing keys in namespace ${flags.controllerNamespace}`);
      for (const { name, notBefore = 0 } of keys.filter((key) => (key.notBefore ?? 0) > io.now() + SKEW_MS)) {
        const begin = `${new Date(notBefore).toISOString().slice(0, 19)}Z`;
        await warn(io, `the certificate of ${name} begins in the future, ${begin}: look at the clocks`);
      }
      for (const { name, problem } of keys.filter(({ problem }) => problem !== undefined)) {
        await warn(io, `${name} should seal nothing: ${problem ?? ""}`);
      }
      if (need !== undefined && need.unopened > 0) {
        await note(io, `${need.unopened} SealedSecrets are opened by none of these keys`);
      }
      const entries = [
        ...keys.map((key) => entryOf(key, need, inGit)),
        ...ages.map((age) => ({ type: "age", ...age, filesInGit: filesNaming(age, named) })),
      ];
      switch (flags.output) {
        case "json":
        case "yaml":
          await write(
            io.stdout,
            inForm(flags.output, entries, () => ""),
          );
          break;
        case "name":
          await write(io.stdout, namesOf(keys, ages).join(""));
          break;
        default:
          if (keys.length > 0)
            await write(io.stdout, keyTable(keys, { need, inGit, wide: flags.output === "wide", io }));
          if (ages.length > 0) await write(io.stdout, `${keys.length > 0 ? "\n" : ""}${ageTable(ages, named)}`);
      }
      return EXIT.ok;
    }),
});

/** Clocks differ a little; a certificate from further ahead says that one is wrong. */
const SKEW_MS = 5 * 60_000;

/** None where they may not be read: the sealing keys are shown all the same. */
async function agesOf(client: KubeClient, io: Io): Promise<readonly AgeIdentityInfo[]> {
  try {
    return await listAgeIdentities(client);
  } catch (cause) {
    if (!(cause instanceof KubeError) || cause.status !== 403) throw cause;
    await note(io, `The age identities are left out: ${cause.apiMessage}`);
    return [];
  }
}

type ByRecipient = ReadonlyMap<string, ReadonlySet<string>>;
/** Of each repository the files on disk, and those of its branches where these were looked at. */
type InRepositories<State> = readonly (readonly State[])[];

/** How many files name a recipient, each path once, whatever branches hold it. */
function filesNaming({ recipient }: AgeIdentityInfo, repositories: InRepositories<ByRecipient>) {
  if (repositories.length === 0 || recipient === undefined) return undefined;
  const counts = repositories.map(
    (states) => new Set(states.flatMap((byRecipient) => [...(byRecipient.get(recipient) ?? [])])).size,
  );
  return counts.reduce((sum, files) => sum + files, 0);
}

/** Each Secret once. Those of age identities are in other namespaces. */
function namesOf(keys: readonly SealingKeyInfo[], ages: readonly AgeIdentityInfo[]): readonly string[] {
  return [...new Set([...keys, ...ages].map(({ name }) => `secret/${name}\n`))];
}

function ageTable(ages: readonly AgeIdentityInfo[], counts: InRepositories<ByRecipient>): string {
  const rows = ages.map((age) => {
    const files = filesNaming(age, counts);
    const row = [`${age.namespace}/${age.name}`, age.entry, age.recipient ?? `unreadable: ${age.problem ?? ""}`];
    return counts.length === 0 ? row : [...row, files === undefined ? "" : `${files} files in Git`];
  });
  return table(["SECRET", "ENTRY", "AGE RECIPIENT", ...(counts.length === 0 ? [] : ["NAMED BY"])], rows);
}

function entryOf(key: SealingKeyInfo, need: Need | undefined, inGit: InRepositories<Need>) {
  const { name, namespace, status, fingerprint, bits, problem } = key;
  const time = (ms: number | undefined) =>
    ms === undefined ? undefined : `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return {
    type: "sealing",
    name,
    namespace,
    status,
    fingerprint,
    bits,
    created: time(key.createdAt),
    notBefore: time(key.notBefore),
    notAfter: time(key.notAfter),
    neededBy: need === undefined || fingerprint === undefined ? undefined : neededBy([[need]], fingerprint),
    neededInGit: inGit.length === 0 || fingerprint === undefined ? undefined : neededBy(inGit, fingerprint),
    problem,
  };
}

interface TableOptions {
  readonly need: Need | undefined;
  readonly inGit: InRepositories<Need>;
  readonly wide: boolean;
  readonly io: { now(): number };
}

function keyTable(keys: readonly SealingKeyInfo[], { need, inGit, wide, io }: TableOptions): string {
  const headings = ["NAME", "STATUS", "FINGERPRINT", "BITS", "CREATED", "EXPIRES"];
  if (need !== undefined || inGit.length > 0) headings.push("NEEDED BY");
  const rows = keys.map(({ name, status, fingerprint = "", bits, createdAt, notAfter }) => {
    const row = [
      name,
      status,
      wide ? fingerprint : shortFingerprint(fingerprint),
      bits === undefined ? "" : String(bits),
      createdAt === undefined ? "" : shortAge(io.now() - createdAt),
      notAfter === undefined ? "" : notAfter < io.now() ? "expired" : new Date(notAfter).toISOString().slice(0, 10),
    ];
    const counts = [
      ...(need === undefined ? [] : [`${neededBy([[need]], fingerprint)} in cluster`]),
      ...(inGit.length === 0 ? [] : [`${neededBy(inGit, fingerprint)} in Git`]),
    ];
    if (counts.length > 0) row.push(fingerprint === "" ? "" : counts.join(", "));
    return row;
  });
  return table(headings, rows);
}

/** How many SealedSecrets need a key, each in a file once, whatever branches hold it. */
function neededBy(places: InRepositories<Need>, fingerprint: string): number {
  const counts = places.map((states) => {
    const needed = states.flatMap(({ byKey }) => byKey.get(fingerprint) ?? []);
    return states.length < 2 ? needed.length : new Set(needed.map((one) => `${one.place?.path} ${one.object}`)).size;
  });
  return counts.reduce((sum, objects) => sum + objects, 0);
}

/** `SHA256:9fA1…c1Qz`: enough to tell keys apart by eye. */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.length < 20 ? fingerprint : `${fingerprint.slice(0, 11)}…${fingerprint.slice(-4)}`;
}
