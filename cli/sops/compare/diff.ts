import { type Difference, diffFiles, type FileDiff, type PathStep } from "../../../src/sops/index.ts";
import { printJson } from "../../../src/yaml/index.ts";
import { CliError } from "../../errors.ts";
import type { Io } from "../../io.ts";
import { note, printable, write } from "../../output.ts";
import { recordAction } from "../audit/recording.ts";
import type { SopsFlags } from "../call/flags.ts";
import { doubts as doubtsOf } from "../call/log.ts";
import { DIFF_EXIT, withOneExit } from "../call/own-exit.ts";
import { commandKeyring } from "../keys/keyring.ts";
import { type ComparedFile, readCompared } from "./compared-file-adapter.ts";

/** `sealkit sops diff`: what differs between two files, without clear text. Returns the exit code of diff. */
export function runDiff(io: Io, flags: SopsFlags, useLocalKeys: boolean): Promise<number> {
  return withOneExit(io, DIFF_EXIT.trouble, async () => {
    const [one, other, more] = flags.args;
    if (one === undefined || other === undefined || more !== undefined) throw badCall("it compares two files");
    if (one === "-" && other === "-") throw badCall("only one of the files can be standard input");
    const format = flags.text("format") || "text";
    if (format !== "text" && format !== "json") throw badCall("--format is text or json");
    const doubts = doubtsOf(io, flags.has("strict"));
    const before = await readCompared(io, flags, one, other);
    const after = await readCompared(io, flags, other, one);
    const withoutKeys = flags.has("without-keys");
    const keyring = await commandKeyring(io, flags, doubts, useLocalKeys && !withoutKeys);
    const side = (file: ComparedFile) => ({
      input: file.bytes,
      format: file.format,
      options: { file: file.name, isLenient: !flags.has("strict"), ignoreMac: flags.has("ignore-mac") },
    });
    const showValues = flags.has("show-values");
    const found = await diffFiles(side(before), side(after), keyring, { showValues, withoutKeys });
    if (found.notOpened === undefined) for (const name of [one, other]) await recordAction(io, "decrypt", name);
    await write(io.stdout, format === "json" ? asJson(found, showValues) : asText(found, before, after));
    if (found.notOpened !== undefined) await tellClosed(io, found);
    return found.differences.length + found.metadata.length === 0 ? DIFF_EXIT.same : DIFF_EXIT.different;
  });
}

function badCall(state: string): CliError {
  return new CliError("CLI_BAD_FLAG", `Cannot run sealkit sops diff: ${state}`, {
    hints: ["sealkit sops diff --help"],
  });
}

async function tellClosed(io: Io, { notOpened, differences }: FileDiff): Promise<void> {
  const why = notOpened === "not asked for" || notOpened === undefined ? "" : `: ${notOpened.message}`;
  await note(io, `Values were compared as ciphertexts${why}`);
  if (differences.some(({ change }) => change === "unknown")) {
    await note(io, "Where it says unknown, a value changed or was only encrypted anew");
  }
}

const SIGNS: Readonly<Record<Difference["change"], string>> = {
  added: "+",
  removed: "-",
  changed: "~",
  "type changed": "~",
  "comments changed": "~",
  unknown: "?",
};

function asText(found: FileDiff, before: ComparedFile, after: ComparedFile): string {
  const lines = found.differences.map((difference) => {
    const place = found.documents > 1 ? `document ${difference.document + 1}: ` : "";
    return `${SIGNS[difference.change]} ${place}${pathText(difference.path)}: ${whatHappened(difference)}`;
  });
  const metadata = found.metadata.map(({ what, before: one, after: other }) => {
    if (one === undefined) return `+ ${what} ${other}`;
    return other === undefined ? `- ${what} ${one}` : `~ ${what}: ${one} -> ${other}`;
  });
  if (lines.length + metadata.length === 0) return "";
  const heading = [`--- ${before.name}`, `+++ ${after.name}`, ...lines];
  const all = metadata.length === 0 ? heading : [...heading, "encryption:", ...metadata];
  return all.map((line) => `${printable(line).replaceAll("\n", " ")}\n`).join("");
}

function whatHappened({ change, typeBefore, typeAfter, before, after }: Difference): string {
  const [one, other] = [before, after].map((value) => (value === undefined ? "" : JSON.stringify(value.revealText())));
  switch (change) {
    case "added":
      return other === "" ? `added (${typeAfter})` : `added (${typeAfter}) ${other}`;
    case "removed":
      return one === "" ? `removed (${typeBefore})` : `removed (${typeBefore}) ${one}`;
    case "comments changed":
      return change;
    default: {
      const types = change === "type changed" ? ` (${typeBefore} to ${typeAfter})` : ` (${typeAfter})`;
      return one === "" && other === "" ? `${change}${types}` : `${change}${types} ${one} -> ${other}`;
    }
  }
}

/** `db.hosts[0]`; keys that are not plain words are quoted; `(top)` for the whole document. */
export function pathText(path: readonly PathStep[]): string {
  const text = path.map((step, at) => {
    if (typeof step === "number") return `[${step}]`;
    const word = /^[\w-]+$/.test(step) ? step : JSON.stringify(step);
    return at === 0 ? word : `.${word}`;
  });
  return text.length === 0 ? "(top)" : text.join("");
}

function asJson({ differences, metadata, notOpened }: FileDiff, showValues: boolean): string {
  const result = {
    comparedAs: notOpened === undefined ? "values" : "ciphertexts",
    differences: differences.map(({ change, document, path, typeBefore, typeAfter, before, after }) => ({
      change,
      document,
      path: [...path],
      ...(typeBefore === undefined ? {} : { typeBefore }),
      ...(typeAfter === undefined ? {} : { typeAfter }),
      ...(showValues && before !== undefined ? { before: before.revealText() } : {}),
      ...(showValues && after !== undefined ? { after: after.revealText() } : {}),
    })),
    encryption: metadata.map(({ what, before, after }) => ({
      what,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })),
  };
  return `${printJson(result, { indent: "  ", escapeHtml: false })}\n`;
}
