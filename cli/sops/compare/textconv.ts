import { createHash } from "node:crypto";
import { basename } from "node:path";
import {
  decrypt,
  formatOfName,
  formatOfWord,
  type OutlineState,
  outlineFile,
  SopsError,
} from "../../../src/sops/index.ts";
import { CliError } from "../../errors.ts";
import { readFile } from "../../files-adapter.ts";
import type { Io } from "../../io.ts";
import { printable, write } from "../../output.ts";
import { recordAction, recordOpening } from "../audit/recording.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { withOneExit } from "../call/own-exit.ts";
import { commandKeyring } from "../keys/keyring.ts";

const TROUBLE = 2;

/**
 * `sealkit sops textconv`: a file as git is to show it in differences. What a file is not is said in its text, because git
 * ends a whole `git log -p` when this fails. Returns the exit code.
 */
export function runTextconv(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  return withOneExit(io, TROUBLE, async () => {
    const [path, more] = flags.args;
    if (path === undefined || more !== undefined) {
      throw new CliError("CLI_BAD_FLAG", "Cannot run sealkit sops textconv: it takes one file", {
        hints: ["sealkit sops textconv --help"],
      });
    }
    const bytes = await readFile(io, path);
    const format = formatOfWord(flags.text("input-type")) ?? formatOfName(basename(path));
    const keyring = await commandKeyring(io, flags, doubtsOf(io, flags.has("strict")), useLocalKeys);
    const options = { file: path, isLenient: !flags.has("strict") };
    try {
      if (flags.has("show-values")) {
        const { clearText } = await recordOpening(io, path, () => decrypt(bytes, format, keyring, options));
        await write(io.stdout, clearText.reveal());
      } else {
        const { text, state } = await outlineFile(bytes, format, keyring, options);
        if (state === "opened" || state === "doubtful") await recordAction(io, "decrypt", path);
        await write(io.stdout, `${REMARKS[state]?.(bytes) ?? ""}${text}`);
      }
    } catch (error) {
      if (!(error instanceof SopsError)) throw error;
      await write(io.stdout, withoutShape(bytes, error, { path, showValues: flags.has("show-values") }));
    }
    return 0;
  });
}

const REMARKS: Partial<Record<OutlineState, (bytes: Uint8Array) => string>> = {
  closed: () => remark("no key here opens this file: the digests are of ciphertexts"),
  doubtful: () => remark("the MAC does not fit: somebody changed this file without SOPS"),
  "not encrypted": (bytes) =>
    remark(`not encrypted with SOPS: only keys and types are shown (sha256 ${digestOf(bytes)})`),
};

/** Of a whole file, as git prints one too: without it git would take two files of one shape for the same. */
function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

function remark(text: string): string {
  return `# ${printable(text).replaceAll("\n", " ")}\n`;
}

/** What stands for a file that has no structure to show. A file in clear is shown when clear text was asked for. */
function withoutShape(bytes: Uint8Array, error: SopsError, { path, showValues }: Shown): string | Uint8Array {
  if (showValues && error.code === "SOPS_NO_METADATA") return bytes;
  const text = Buffer.from(bytes).toString("latin1");
  if (/^<{7}/m.test(text) && /^>{7}/m.test(text)) {
    return remark("in conflict: settle it with sealkit sops merge --resolve ours|theirs FILE");
  }
  // Git gives a copy under a name that is another each time.
  const why = error.message.replaceAll(JSON.stringify(path), "the file");
  return remark(`cannot be shown: ${why} (sha256 ${digestOf(bytes)})`);
}

interface Shown {
  readonly path: string;
  readonly showValues: boolean;
}
