import type { Io } from "../../io.ts";
import { printable, write } from "../../output.ts";
import { SOPS_EXIT, SopsFailure } from "./failure.ts";
import type { Answers } from "./prompt.ts";

/** Questions before giving up on an answer. */
const MAX_QUESTIONS = 100;

/** @throws {SopsFailure} when there is no answer, or an empty one. */
export async function agreed(io: Io, answers: Answers, question = "Is this okay? (y/n):"): Promise<boolean> {
  for (let asked = 0; asked < MAX_QUESTIONS; asked++) {
    // Paths, addresses and names of keys come out of files of others.
    await write(io.stdout, printable(question));
    const answer = await answers.line();
    if (answer === undefined) throw new SopsFailure(SOPS_EXIT.generic, "EOF");
    const words = answer.split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) throw new SopsFailure(SOPS_EXIT.generic, "unexpected newline");
    if (words.length > 1) throw new SopsFailure(SOPS_EXIT.generic, "expected newline");
    if (words[0] === "y" || words[0] === "n") return words[0] === "y";
  }
  throw new SopsFailure(SOPS_EXIT.generic, "EOF");
}
