/**
 * A word that a POSIX shell takes as it is, for commands that people paste. Names and addresses come out of files of
 * others: in double quotes a `$(…)` of theirs would run.
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
