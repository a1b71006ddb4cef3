import { attributeWord } from "./attribute-patterns.ts";

const BEGIN = "# sealkit: begin. Written by `sealkit git install`; run it again to change these lines";
const END = "# sealkit: end";
const BLOCK = /^# sealkit: begin[^\n]*\n(?:(?!# sealkit: end)[^\n]*\n)*# sealkit: end[^\n]*(?:\n|$)/m;

/** The text of an attributes file with these patterns in our block, which is replaced or added; without patterns it goes. */
export function withPatterns(text: string, patterns: readonly string[]): string {
  const lines = patterns.map((pattern) => `${attributeWord(pattern)} diff=sealkit merge=sealkit\n`);
  const block = patterns.length === 0 ? "" : `${BEGIN}\n${lines.join("")}${END}\n`;
  if (BLOCK.test(text)) return text.replace(BLOCK, () => block);
  if (block === "") return text;
  return text === "" || text.endsWith("\n") ? text + block : `${text}\n${block}`;
}
