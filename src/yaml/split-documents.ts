/** One document of a stream as text; `line` is the 1-based line on which it starts. */
export interface DocumentText {
  readonly text: string;
  readonly line: number;
}

/**
 * Cuts a stream as Kubernetes tools do: at lines that are `---`, alone or with blanks or a comment behind it, without a
 * look at the YAML around them. So one broken document does not hide the others.
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
    if (text.startsWith("---", at) && at > from && isSeparator(text.slice(at + 3, next))) {
      found.push({ text: text.slice(from, at), line: fromLine });
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
