/** A message of the original as ours is: it shows the first line of what is no age file, and that may be clear text. */
export function withoutFirstLine(message: string): string {
  return message.replace(/(unexpected (?:EOF reading )?intro): "(?!age-encryption\.org\/).*"/, `$1, expected ${INTRO}`);
}

const INTRO = JSON.stringify("age-encryption.org/v1\n");
