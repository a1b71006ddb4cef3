import { extname, resolve } from "node:path";
import { systemPorts } from "../../../src/kms/ports-adapter.ts";
import {
  type CreationRule,
  compareKeys,
  completeKeys,
  decrypt,
  destinationRuleFor,
  type KeyChanges,
  type KeyGroup,
  type Metadata,
  type OpenOptions,
  readLocked,
  recreate,
  type Selector,
} from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import { onOneLine, write } from "../../output.ts";
import { recordAction } from "../audit/recording.ts";
import { agreed } from "../call/agreed.ts";
import type { SopsCall } from "../call/call.ts";
import { SOPS_EXIT, SopsFailure } from "../call/failure.ts";
import { readNamed, type Source, warnOfOthers } from "../call/files-adapter.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { logLine } from "../call/log-line.ts";
import { Answers } from "../call/prompt.ts";
import { withCallOptions } from "../change/change.ts";
import { groupLines, inColour } from "../change/updatekeys.ts";
import { type FoundConfig, findConfig } from "../config/config-adapter.ts";
import { commandKeyring } from "../keys/keyring.ts";
import { type PublishedFile, publishedFiles } from "./files-adapter.ts";
import { type Upload, uploadTo } from "./upload.ts";

interface PublishCall extends SopsCall {
  readonly config: FoundConfig;
  readonly answers: Answers;
}

const NO_CONFIG =
  "config file not found\n" +
  "hint: the destination_rules of a .sops.yaml, here or above, say where files go; --config FILE before the command names another";

/** `sealkit sops publish`: puts files where the destination rules of the configuration say. Returns the exit code. */
export async function runPublish(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  const doubts = doubtsOf(io, flags.has("strict"));
  const config = await findConfig(io, flags.text("config"), doubts);
  if (config === undefined) throw new SopsFailure(SOPS_EXIT.generic, NO_CONFIG);
  const [path, ...others] = flags.args;
  if (path === undefined) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  if (others.length > 0) await warnOfOthers(others, doubts);
  const keyring = await commandKeyring(io, flags, doubts, useLocalKeys);
  const answers = new Answers(io);
  const call: PublishCall = { io, flags, doubts, config, keyring, answers };
  try {
    const isOne = !flags.has("recursive");
    for (const file of await publishedFiles(io, path, !isOne)) {
      const canceled = await publishOne(call, file);
      if (canceled !== undefined && isOne) throw new SopsFailure(SOPS_EXIT.generic, canceled);
      if (canceled !== undefined) await write(io.stdout, `${onOneLine(canceled)}\n`);
    }
    return 0;
  } finally {
    await answers.close();
  }
}

/** Returns what is said when the person did not want it. @throws {SopsFailure | SopsError | KeyServiceError} */
async function publishOne(call: PublishCall, file: PublishedFile): Promise<string | undefined> {
  const { io, flags, config, answers } = call;
  const source = await readNamed(io, flags, file.path);
  // Only what is encrypted is published.
  const { metadata } = readLocked(source.bytes, source.inputFormat, {
    file: file.path,
    isLenient: !flags.has("strict"),
  });
  const rule = destinationRuleFor(config.destinationRules, file.path, config.path);
  const destination = rule.destination();
  const shortened = flags.has("omit-extensions") || rule.omitExtensions;
  const name = shortened ? file.name.slice(0, file.name.length - extname(file.name).length) : file.name;
  const upload: Upload = uploadTo(destination, name, systemPorts({ env: io.env, signal: io.signal }));
  const content =
    destination.kind === "vault"
      ? await inClear(call, source)
      : await forOthers(call, source, metadata, rule.recreation);
  const absolute = resolve(io.cwd, file.path);
  if (
    !flags.has("yes") &&
    !(await agreed(io, answers, `uploading ${onOneLine(absolute)} to ${onOneLine(upload.url)} ? (y/n): `))
  ) {
    return `Publication of ${absolute} canceled`;
  }
  await upload.send(content, async (message) => {
    await write(io.stderr, logLine(io, "warning", message, "PUBLISH"));
  });
  return undefined;
}

async function inClear(call: PublishCall, source: Source): Promise<Uint8Array> {
  const { clearText } = await withCallOptions(call, source, (options) =>
    decrypt(source.bytes, source.inputFormat, call.keyring, { ...options, outputFormat: "json" }),
  );
  return clearText.reveal();
}

/** The file as it is, unless the rule names keys to encrypt it to. */
async function forOthers(
  call: PublishCall,
  source: Source,
  metadata: Metadata,
  rule: CreationRule | undefined,
): Promise<Uint8Array> {
  const groups = rule?.keyGroups() ?? [];
  if (rule === undefined || groups.flat().length === 0) return source.bytes;
  const keyGroups: readonly KeyGroup[] = await completeKeys(groups, call.keyring);
  const selector = await suffixOf(call, rule);
  const text = await withCallOptions(call, source, (options: OpenOptions) =>
    recreate(source.bytes, source.inputFormat, call.keyring, {
      ...options,
      now: call.io.now(),
      keyGroups,
      shamirThreshold: rule.shamirThreshold,
      selector,
    }),
  );
  await recordAction(call.io, "encrypt", source.path);
  await write(call.io.stdout, inColour(call.io, otherKeys(compareKeys(metadata, keyGroups))));
  return Buffer.from(text);
}

/** Who can read the published file, where that is not who can read this one. Recipients are public. */
function otherKeys({ groups }: KeyChanges): string {
  if (groups.every(({ added, removed }) => added.length + removed.length === 0)) return "";
  return `The following changes will be made to the file's key groups:\n${groupLines(groups).join("\n")}\n`;
}

/** The original takes only suffixes of a recreation rule, and encrypts everything where it has another selector. */
async function suffixOf({ doubts }: PublishCall, rule: CreationRule): Promise<Selector | undefined> {
  for (const [kind, pattern] of rule.selectors()) {
    if (kind === "encrypted_suffix" || kind === "unencrypted_suffix") return { kind, pattern };
    await doubts.raise(`${kind} of a recreation_rule has no effect: only suffixes have`);
  }
  return undefined;
}
