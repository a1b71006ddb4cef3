import { ToolkitError } from "../../errors.ts";
import { masterKeyName, parseConfig } from "../../sops/index.ts";
import { parseYaml, type ScalarNode, type YamlNode } from "../../yaml/index.ts";
import { KeysError } from "../errors.ts";

/** What happens to the recipients of a configuration. */
export interface RecipientChange {
  /** Comes in beside every one of `old`; undefined for none. */
  readonly added?: string | undefined;
  /** Recipients beside which the new one comes, or that leave. */
  readonly old: ReadonlySet<string>;
  readonly isRemoved: boolean;
}

/**
 * The text of a `.sops.yaml` in which a recipient was added beside others, or others were taken out: in texts with commas,
 * and in lists. Every other character stays. Undefined when nothing changes.
 *
 * @throws {KeysError} `KEYS_RULES_NOT_EDITABLE` for one in which this cannot be done so that its rules say exactly this.
 */
export function changeRules(text: string, file: string, change: RecipientChange): string | undefined {
  let changed = text;
  try {
    const { documents, text: read } = parseYaml(text, { mode: "lenient", source: file });
    if (read !== text) throw notEditable(file, "it is not plain UTF-8");
    const root = documents[0]?.root;
    const splices = root === undefined ? [] : splicesIn(root, text, file, change);
    for (const { start, end, by } of splices.toSorted((a, b) => b.start - a.start)) {
      changed = changed.slice(0, start) + by + changed.slice(end);
    }
    if (changed === text) return undefined;
    checkRules(text, changed, file, change);
    return changed;
  } catch (cause) {
    if (!(cause instanceof ToolkitError) || cause instanceof KeysError) throw cause;
    throw notEditable(file, cause.message, cause);
  }
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

function splicesIn(root: YamlNode, text: string, file: string, change: RecipientChange): readonly Splice[] {
  const splices: Splice[] = [];
  const waiting: { readonly node: YamlNode; readonly list: "flow" | "block" | undefined }[] = [
    { node: root, list: undefined },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, list } = next;
    if (node.kind === "mapping") for (const { value } of node.entries) waiting.push({ node: value, list: undefined });
    if (node.kind === "sequence") {
      const style = node.style === "flow" ? "flow" : "block";
      const isThere = node.items.some((item) => change.added !== undefined && namesIn(item).includes(change.added));
      const first = node.items.find((item) => namesIn(item).some((name) => change.old.has(name)));
      for (const item of node.items) {
        // In a list the new one comes in once, behind the first of the old ones.
        const isPassedOver = item.kind === "scalar" && !change.isRemoved && (isThere || item !== first);
        if (!isPassedOver) waiting.push({ node: item, list: style });
      }
    }
    if (node.kind !== "scalar") continue;
    const names = namesIn(node);
    if (!names.some((name) => change.old.has(name))) continue;
    if (change.isRemoved) splices.push(...removal(node, names, list, { text, file, change }));
    else if (change.added !== undefined && !names.includes(change.added)) {
      splices.push(addition(node, names, list, { text, file, added: change.added }));
    }
  }
  return splices;
}

/** The recipients in a scalar. */
function namesIn(node: YamlNode): readonly string[] {
  return node.kind === "scalar" ? node.value.split(",").map((name) => name.trim()) : [];
}

function addition(
  node: ScalarNode,
  names: readonly string[],
  list: "flow" | "block" | undefined,
  { text, file, added }: { readonly text: string; readonly file: string; readonly added: string },
): Splice {
  const { start, end, raw } = rangeOf(node, text, file);
  const [name = ""] = names;
  if (list === undefined || names.length > 1) {
    const last = names.at(-1) ?? name;
    const at = start + raw.lastIndexOf(last) + last.length;
    return { start: at, end: at, by: `,${added}` };
  }
  if (list === "flow") return { start: end, end, by: `, ${raw.replace(name, added)}` };
  const { before, lineEnd, newline } = lineOf(text, start, file);
  const [dash = ""] = /- +$/.exec(before) ?? [];
  if (dash === "") throw notEditable(file, `it does not see where the list of ${name} goes on`);
  const indent = " ".repeat(before.length - dash.length);
  return { start: lineEnd, end: lineEnd, by: `${newline}${indent}${dash}${raw.replace(name, added)}` };
}

function removal(
  node: ScalarNode,
  names: readonly string[],
  list: "flow" | "block" | undefined,
  { text, file, change }: { readonly text: string; readonly file: string; readonly change: RecipientChange },
): readonly Splice[] {
  const { start, end, raw } = rangeOf(node, text, file);
  const kept = names.filter((name) => !change.old.has(name) && name !== "");
  if (kept.length > 0) {
    let left = raw;
    for (const name of names.filter((one) => change.old.has(one))) {
      const at = left.indexOf(name);
      const behind = /^\s*,\s*/.exec(left.slice(at + name.length))?.[0] ?? "";
      const before = behind === "" ? (/,\s*$/.exec(left.slice(0, at))?.[0] ?? "") : "";
      left = left.slice(0, at - before.length) + left.slice(at + name.length + behind.length);
    }
    return [{ start, end, by: left }];
  }
  const [name = ""] = names;
  if (list === undefined) throw notEditable(file, `${name} stands there alone`);
  if (list === "flow") {
    const behind = /^\s*,[ \t]*/.exec(text.slice(end))?.[0] ?? "";
    const before = behind === "" ? (/,\s*$/.exec(text.slice(0, start))?.[0] ?? "") : "";
    return [{ start: start - before.length, end: end + behind.length, by: "" }];
  }
  const { before, lineStart, lineEnd, newline } = lineOf(text, start, file);
  if (!/^ *- +$/.test(before)) throw notEditable(file, `${name} shares its line with something else`);
  const stop = text.startsWith(newline, lineEnd) ? lineEnd + newline.length : lineEnd;
  return [{ start: lineStart, end: stop, by: "" }];
}

function rangeOf({ textStart, textEnd, value }: ScalarNode, text: string, file: string) {
  if (textStart === undefined || textEnd === undefined)
    throw notEditable(file, `it does not see where ${value} stands`);
  return { start: textStart, end: textEnd, raw: text.slice(textStart, textEnd) };
}

function lineOf(text: string, at: number, file: string) {
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const feed = text.indexOf("\n", at);
  const newline = feed > 0 && text[feed - 1] === "\r" ? "\r\n" : "\n";
  const lineEnd = feed < 0 ? text.length : feed + 1 - newline.length;
  const before = text.slice(lineStart, at);
  if (before.includes("\t")) throw notEditable(file, "a list in it is indented with tabs");
  return { lineStart, lineEnd, before, newline };
}

/** The rules as the original reads them have to say what was meant, and nothing else. */
function checkRules(before: string, after: string, file: string, change: RecipientChange): void {
  const wanted = groupsOf(before, file).map((group) => {
    if (!group.some((name) => change.old.has(name))) return group;
    if (change.isRemoved) return group.filter((name) => !change.old.has(name));
    return change.added === undefined || group.includes(change.added) ? group : [...group, change.added];
  });
  const same = (groups: readonly (readonly string[])[]) => JSON.stringify(groups.map((group) => [...group].sort()));
  if (same(groupsOf(after, file)) !== same(wanted)) throw notEditable(file, "its rules would say something else");
}

function groupsOf(text: string, file: string): readonly (readonly string[])[] {
  const { creationRules = [] } = parseConfig(new TextEncoder().encode(text), file);
  return creationRules.flatMap((rule) => rule.keyGroups().map((group) => group.map(masterKeyName)));
}

function notEditable(file: string, why: string, cause?: unknown): KeysError {
  return new KeysError("KEYS_RULES_NOT_EDITABLE", `Cannot change the rules of "${file}": ${why}`, {
    cause,
    details: ["no file was changed"],
    hints: ["change its recipients by hand, and run the command again"],
  });
}
