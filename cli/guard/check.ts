import { type HookRepository, openForHook } from "../../src/git/hook-adapter.ts";
import type { findLeaks as FindLeaks } from "../../src/leaks/index.ts";
import { type DefinedCommand, defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { readFile, readStdin } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, printable, warn } from "../output.ts";
import { HOOKS, type Hook, isServerHook } from "./hook.ts";
import { type Found, refusal } from "./refusal.ts";

/** A larger file is not looked at, and said not to be. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_UPDATES_BYTES = 16 * 1024 * 1024;
const MAX_SAID = 20;

export const checkCommand: DefinedCommand = defineCommand({
  name: "guard",
  summary: "Refuse clear-text Secrets in what is committed or pushed",
  positionals: { usage: "[REF OLD NEW]", max: 3 },
  examples: [
    { what: "Set it up in this repository", command: "sealkit guard install" },
    { what: "Look at what is staged, as the hook does", command: "sealkit guard" },
    { what: "On a server, in a bare repository", command: "sealkit guard install --hook pre-receive" },
  ],
  description:
    "Looks at the files of the index that the last commit has not, as they are staged, or with --hook pre-receive and update\n" +
    "at every file of every commit that is pushed. Exit status 1, and so no commit and no push, when a Secret, a private key,\n" +
    "an age identity or the credentials of a kubeconfig stand there in clear. What is allowed is listed under audit.allow in\n" +
    ".sealkit/policy.yaml: as it is staged, and on a server as the default branch has it already.",
  flags: {
    hook: flag.choice(HOOKS, { default: "pre-commit", help: "The hook it runs as" }),
    strict: flag.toggle({ help: "Refuse likely credentials in values of charts too, which are else only named" }),
    policy: flag.text({ placeholder: "FILE", help: "Policy, in place of that of the repository" }),
  },
  async run({ flags, args, io }) {
    // Loaded while git looks.
    const loading = import("../../src/leaks/index.ts");
    const repository = openForHook({ cwd: io.cwd, env: io.env, signal: io.signal });
    const commits = isServerHook(flags.hook) ? await pushedCommits(flags.hook, args, io) : undefined;
    const files = await (commits === undefined ? repository.staged() : repository.pushed(commits));
    if (files.length === 0) return EXIT.ok;
    const policyText = flags.policy === undefined ? undefined : await readFile(io, flags.policy);
    const run = { hook: flags.hook, policy: policyText, policyName: flags.policy, io };
    const { findLeaks } = await loading;
    const found = await look(repository, files, { ...run, findLeaks });
    const refused = found.filter(({ rule }) => flags.strict || rule !== "clear-value");
    const named = found.filter((one) => !refused.includes(one));
    for (const { path, line, fields } of named.slice(0, MAX_SAID)) {
      await warn(io, `"${path}", line ${line}: "${fields.join(", ")}" looks like a credential in clear`);
    }
    if (named.length > MAX_SAID) await warn(io, `and ${named.length - MAX_SAID} more`);
    if (refused.length === 0) return EXIT.ok;
    throw refusal(commits === undefined ? refused : await withCommits(repository, commits, refused), flags.hook);
  },
});

type StagedOrPushed = Awaited<ReturnType<HookRepository["staged"]>>[number];

interface CheckRun {
  readonly hook: Hook;
  readonly policy: Uint8Array | undefined;
  readonly policyName: string | undefined;
  readonly findLeaks: typeof FindLeaks;
  readonly io: Io;
}

/** What stands in clear in the files and is not allowed. */
async function look(
  repository: HookRepository,
  files: readonly StagedOrPushed[],
  { hook, policy, policyName, findLeaks, io }: CheckRun,
): Promise<readonly Found[]> {
  const policyAt = `${isServerHook(hook) ? "HEAD" : ""}:.sealkit/policy.yaml`;
  const pathsOf = new Map<string, string[]>();
  for (const { hash, path } of files) pathsOf.set(hash, [...(pathsOf.get(hash) ?? []), path]);
  const names = [...(policy === undefined ? [policyAt] : []), ...pathsOf.keys()];
  let rules = policy;
  const found: Found[] = [];
  const left: string[] = [];
  for await (const { name, state, bytes } of repository.read(names, MAX_FILE_BYTES)) {
    if (name === policyAt) {
      if (state === "read") rules = bytes;
      continue;
    }
    for (const path of pathsOf.get(name) ?? []) {
      if (state === "read") for (const leak of findLeaks({ path, bytes })) found.push({ ...leak, path, hash: name });
      else if (state !== "no file") left.push(`"${path}" is ${state}`);
    }
  }
  for (const one of left.slice(0, MAX_SAID)) await note(io, `Not looked at: ${printable(one)}`);
  if (left.length > MAX_SAID) await note(io, `Not looked at: ${left.length - MAX_SAID} more`);
  if (found.length === 0 || rules === undefined) return found;
  const { allowedBy, parsePolicy } = await import("../../src/policy/index.ts");
  const { allow } = parsePolicy(rules, policyName ?? policyAt.replace(/^:/, "")).audit;
  return found.filter((one) => allowedBy(allow, one, io.now()) === undefined);
}

async function withCommits(
  repository: HookRepository,
  commits: readonly string[],
  found: readonly Found[],
): Promise<readonly Found[]> {
  const introductions = await repository.introductions(commits, new Set(found.map(({ hash }) => hash)));
  return found.map((one) => ({ ...one, commit: introductions.get(one.hash)?.commit }));
}

const HASH = /^[0-9a-f]{40,64}$/;

/** The new ends of the refs that are pushed; none for those that are deleted. @throws {CliError} */
async function pushedCommits(hook: Hook, args: readonly string[], io: Io): Promise<readonly string[]> {
  const updates =
    hook === "update"
      ? [args]
      : Buffer.from(await readStdin(io, { maxBytes: MAX_UPDATES_BYTES }))
          .toString("latin1")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => [...line.split(" ").slice(2), ...line.split(" ").slice(0, 2)]);
  const ends = updates.map((update) => update.at(-1) ?? "");
  if (updates.some((update) => update.length < 3) || !ends.every((end) => HASH.test(end))) {
    throw new CliError("CLI_BAD_INPUT", `Cannot look at what is pushed: git says nothing that a ${hook} hook is told`, {
      hints:
        hook === "update"
          ? ["it gets REF OLD NEW as arguments: sealkit guard --hook update refs/heads/main OLD NEW"]
          : ["it reads lines of OLD NEW REF: echo OLD NEW refs/heads/main | sealkit guard --hook pre-receive"],
    });
  }
  return ends.filter((end) => !/^0+$/.test(end));
}
