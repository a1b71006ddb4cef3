import type { Comments } from "./node.ts";
import type { ScanState } from "./scan/state.ts";
import { BLOCK_END, type Token } from "./scan/token.ts";

/**
 * Comments on their way from the scanner to a node: those that belong to a token which has been looked at wait here for
 * the next node that takes comments.
 */
export class CommentCollector {
  head = "";
  private line = "";
  private foot = "";
  /** A comment in front of a dash that belongs to the collection behind it. */
  private stem = "";
  private readonly state: ScanState;

  constructor(state: ScanState) {
    this.state = state;
  }

  /** Collects the comments that belong to a token which starts at `token` or before. */
  takeBefore(token: Token): void {
    const { state } = this;
    while (state.commentsHead < state.comments.length) {
      const comment = state.comments[state.commentsHead];
      if (comment === undefined || token.start < comment.tokenIndex) return;
      // The end of a block has nothing above it: the comment waits for what follows.
      if (comment.head !== "" && token.kind === BLOCK_END) return;
      this.head = joined(this.head, comment.head);
      this.foot = joined(this.foot, comment.foot);
      this.line = joined(this.line, comment.line);
      state.commentsHead++;
      if (state.commentsHead === state.comments.length) {
        state.comments = [];
        state.commentsHead = 0;
      }
    }
  }

  /** Moves all that wait to a node. */
  give(node: Comments): void {
    node.head = this.head;
    this.giveEnd(node);
  }

  /** Moves what stands behind and below to a collection that ends; above its end there is nothing. */
  giveEnd(node: Comments): void {
    node.line = this.line;
    node.foot = this.foot;
    this.clear();
  }

  /** Moves what stands below to a document that ends. */
  giveDocumentEnd(document: Comments): void {
    document.foot = this.foot !== "" ? this.foot : this.head;
    this.clear();
  }

  private clear(): void {
    this.head = this.line = this.foot = this.stem = "";
  }

  /** The first `length` characters waiting above a dash belong to the collection behind it. */
  splitStem(length: number): void {
    this.stem = this.head.slice(0, length);
    this.head = this.head.slice(length + 1);
  }

  giveStem(node: Comments): void {
    if (this.stem === "") return;
    node.head = this.stem;
    this.stem = "";
  }

  /** Above the first node, what is separated from it by an empty line belongs to the document. */
  splitDocumentHead(): string {
    const text = this.head;
    for (let at = text.length - 1; at > 0; at--) {
      if (text.charCodeAt(at) !== 10) continue;
      if (at === text.length - 1 || text.charCodeAt(at - 1) === 10) {
        this.head = text.slice(at + 1);
        return text.slice(0, at === text.length - 1 ? at : at - 1);
      }
    }
    return "";
  }
}

function joined(before: string, more: string): string {
  if (more === "") return before;
  return before === "" ? more : `${before}\n${more}`;
}
