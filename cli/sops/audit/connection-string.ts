/** Settings of a connection by their names in libpq: `host`, `dbname`, `sslmode`. */
export type ConnectionSettings = ReadonlyMap<string, string>;

/**
 * Reads a connection string in either of its forms: a URL, or words like `host=/run/postgresql dbname=audit`, in which a
 * value with blanks stands in single quotes and a backslash takes the next character as it is.
 *
 * Source: PostgreSQL documentation, "Connection Strings".
 * @returns undefined when it is neither.
 */
export function readConnectionString(text: string): ConnectionSettings | undefined {
  return text.includes("://") ? readUrl(text) : readWords(text);
}

/** A place may have no host, which no browser's URL may: `postgres://me@/audit?host=/run/postgresql`. */
const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?(?:\/([^?#]*))?(?:\?([^#]*))?$/;

function readUrl(text: string): ConnectionSettings | undefined {
  const parts = URL_PARTS.exec(text);
  if (parts === null) return undefined;
  const [, user = "", password = "", host = "", port = "", database = "", query = ""] = parts;
  const given: [string, string][] = [
    ["user", decode(user)],
    ["password", decode(password)],
    ["host", decode(host.replace(/^\[(.*)\]$/, "$1"))],
    ["port", port],
    ["dbname", decode(database)],
    ...new URLSearchParams(query),
  ];
  return new Map(given.filter(([, value]) => value !== ""));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const WORD = /\s*([A-Za-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/sy;

function readWords(text: string): ConnectionSettings | undefined {
  const settings = new Map<string, string>();
  const rest = text.trimEnd();
  WORD.lastIndex = 0;
  for (let at = 0; at < rest.length; at = WORD.lastIndex) {
    const [, name = "", quoted, plain = ""] = WORD.exec(rest) ?? [];
    if (name === "") return undefined;
    settings.set(name, (quoted ?? plain).replace(/\\(.)/gs, "$1"));
  }
  return settings;
}
