import { isBlank, isBlankOrEnd, isBreak } from "../characters.ts";

/** What a text allows when it is written as a scalar. */
export interface ScalarAnalysis {
  readonly multiline: boolean;
  readonly flowPlain: boolean;
  readonly blockPlain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

const EMPTY: ScalarAnalysis = { multiline: false, flowPlain: false, blockPlain: true, single: true, block: false };
const SIMPLE: ScalarAnalysis = { multiline: false, flowPlain: true, blockPlain: true, single: true, block: true };

/** Letters, digits and a few marks in one line, nothing that needs a look: most scalars. */
const PLAIN_WORD = /^[A-Za-z0-9_./][A-Za-z0-9_./+=()-]*$/;

/** True for what the Go libraries write as it is: LF, ASCII without controls, and the BMP without BOM and non-characters. */
export function isPrintable(code: number): boolean {
  if (code < 0x7f) return code >= 0x20 || code === 10;
  if (code < 0xa0) return false;
  return code < 0xd800 || (code >= 0xe000 && code < 0xfffe && code !== 0xfeff);
}

/**
 * Looks at a text once and says which styles can hold it.
 *
 * Tabs forbid plain and single quotes; in a block they are allowed only when `tabsInBlocks` (yaml.v3).
 *
 * Source: libyaml, as the Go libraries carry it.
 */
export function analyzeScalar(text: string, tabsInBlocks: boolean): ScalarAnalysis {
  if (text === "") return EMPTY;
  if (PLAIN_WORD.test(text) && !text.startsWith("...")) return SIMPLE;
  const found = new Findings(text);
  for (let at = 0; at < text.length; at++) found.add(at);
  return found.result(tabsInBlocks);
}

class Findings {
  private readonly text: string;
  private blockIndicators: boolean;
  private flowIndicators: boolean;
  private breaks = false;
  private special = false;
  private tabs = false;
  private edgeSpace = false;
  private trailingSpace = false;
  private breakSpace = false;
  private spaceBreak = false;
  private precededByBlank = true;
  private previous: "space" | "break" | "other" = "other";

  constructor(text: string) {
    this.text = text;
    this.blockIndicators = this.flowIndicators = text.startsWith("---") || text.startsWith("...");
  }

  add(at: number): void {
    const code = this.text.charCodeAt(at);
    this.addIndicator(at, code);
    if (code === 9) this.tabs = true;
    else if (!isPrintable(code)) this.special = true;
    const last = at === this.text.length - 1;
    if (code === 32) {
      if (at === 0 || last) this.edgeSpace = true;
      if (last) this.trailingSpace = true;
      if (this.previous === "break") this.breakSpace = true;
      this.previous = "space";
    } else if (isBreak(code)) {
      this.breaks = true;
      if (at === 0 || last) this.edgeSpace = true;
      if (this.previous === "space") this.spaceBreak = true;
      this.previous = "break";
    } else {
      this.previous = "other";
    }
    this.precededByBlank = isBlankOrEnd(code);
  }

  private addIndicator(at: number, code: number): void {
    const next = this.text.charCodeAt(at + 1);
    const followedByBlank = Number.isNaN(next) || isBlank(next);
    if (at === 0) {
      if (STARTS_NOTHING_PLAIN.has(code)) this.flowIndicators = this.blockIndicators = true;
      else if (code === 63 || code === 58) {
        this.flowIndicators = true;
        if (followedByBlank) this.blockIndicators = true;
      } else if (code === 45 && followedByBlank) this.flowIndicators = this.blockIndicators = true;
    } else if (FLOW_ONLY.has(code)) {
      this.flowIndicators = true;
    } else if (code === 58) {
      this.flowIndicators = true;
      if (followedByBlank) this.blockIndicators = true;
    } else if (code === 35 && this.precededByBlank) {
      this.flowIndicators = this.blockIndicators = true;
    }
  }

  result(tabsInBlocks: boolean): ScalarAnalysis {
    const quoted = this.spaceBreak || this.special || this.tabs || this.breakSpace;
    const plain = !quoted && !this.edgeSpace && !this.breaks;
    return {
      multiline: this.breaks,
      flowPlain: plain && !this.flowIndicators,
      blockPlain: plain && !this.blockIndicators,
      single: !quoted,
      block: !this.trailingSpace && !this.spaceBreak && !this.special && (tabsInBlocks || !this.tabs),
    };
  }
}

/** `# , [ ] { } & * ! | > ' " % @` and the backtick. */
const STARTS_NOTHING_PLAIN: ReadonlySet<number> = new Set(Array.from("#,[]{}&*!|>'\"%@`", (c) => c.charCodeAt(0)));
const FLOW_ONLY: ReadonlySet<number> = new Set(Array.from(",?[]{}", (c) => c.charCodeAt(0)));
