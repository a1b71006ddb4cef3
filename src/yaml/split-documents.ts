/** One document of a stream as text; `line` is the 1-based line on which it starts. */
export interface DocumentText {
  readonly text: string;
  readonly line: number;
  /** It ends in a line that begins like a separator and is none (`--- {a: b}`, `----`): the Go tools lose it. */
  readonly isLost?: true;
}

/**
 * Cuts a stream as Kubernetes tools do: at lines that are `---`, alone or with blanks or a comment behind it, without a
 * look at the YAML around them. So one broken document does not hide the others, except for one kind: see `isLost`.
 *
 * Source: k8s.io/apimachinery, util/yaml, YAMLReader.
 */
export function splitDocuments(text: string): DocumentText[] {
  const found: DocumentText[] = [];
  let from = 0;
  let fromLine = 1;
  let line = 1;
  for (let at = 0; at < text.length; line++) {
    const end = text.indexOf("\n", at);
    const next = end < 0 ? text.length : end + 1;
    const isLost = text.startsWith("---", at) && !isSeparator(text.slice(at + 3, next));
    if (isLost || (text.startsWith("---", at) && at > from)) {
      found.push(
        isLost
          ? { text: text.slice(from, next), line: fromLine, isLost }
          : { text: text.slice(from, at), line: fromLine },
      );
      from = next;
      fromLine = line + 1;
    }
    at = next;
  }
  if (from < text.length) found.push({ text: text.slice(from), line: fromLine });
  return found;
}

function isSeparator(behind: string): boolean {
  const rest = behind.trim();
  return rest === "" || rest.startsWith("#");
}
