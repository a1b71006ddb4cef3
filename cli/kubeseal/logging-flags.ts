/** What Go's logging library says of values that its flags do not take; undefined for those that they take. */

const MAX_INT32 = 2n ** 31n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** `-v`: a whole number. */
export function levelProblem(value: string): string | undefined {
  const parsing = `strconv.ParseInt: parsing ${JSON.stringify(value)}`;
  if (!/^[+-]?[0-9]+$/.test(value)) return `${parsing}: invalid syntax`;
  const level = BigInt(value.replace("+", ""));
  return level > MAX_INT32 || level < -MAX_INT32 - 1n ? `${parsing}: value out of range` : undefined;
}

/** `--stderrthreshold`: a severity by name or number. */
export function severityProblem(value: string): string | undefined {
  return ["INFO", "WARNING", "ERROR", "FATAL"].includes(value.toUpperCase()) ? undefined : levelProblem(value);
}

/** `--vmodule`: `file=N,…` */
export function modulesProblem(value: string): string | undefined {
  for (const entry of value.split(",").filter((text) => text !== "")) {
    const [, level] = /^[^=]+=([+-]?[0-9]+)$/.exec(entry) ?? [];
    if (level === undefined) return "syntax error: expect comma-separated list of filename=N";
    if (level.startsWith("-") && Number(level) !== 0) return "negative value for vmodule level";
  }
  return undefined;
}

/** `--log_backtrace_at`: `file.go:line` */
export function traceProblem(value: string): string | undefined {
  if (value === "") return undefined;
  const [, line] = /^[^:]*\.[^:]*:([+-]?[0-9]+)$/.exec(value) ?? [];
  if (line === undefined) return "syntax error: expect file.go:234";
  return Number(line) <= 0 ? "negative or zero value for level" : undefined;
}

/** `--log_file_max_size`: a size, also in hexadecimal. */
export function sizeProblem(value: string): string | undefined {
  if (!/^(?:[0-9]+|0x[0-9a-f]+|0o?[0-7]+|0b[01]+)$/i.test(value)) return "parse error";
  const digits = /^0[0-7]+$/.test(value) ? `0o${value.slice(1)}` : value.toLowerCase();
  return BigInt(digits) > MAX_UINT64 ? "value out of range" : undefined;
}
