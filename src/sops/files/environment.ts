import { ClearText } from "../../clear-text.ts";
import { SopsError } from "../errors.ts";
import type { Format } from "../format.ts";
import type { Keyring } from "../keys/keyring.ts";
import { flatText, isComplex } from "../stores/flat-value.ts";
import { type OpenOptions, openFile } from "./open-file.ts";

/**
 * The values of the first document of a file as environment variables, by name. Of names that are there twice, the last
 * counts.
 *
 * @throws {SopsError} as `decrypt`; `SOPS_UNPRINTABLE` for a mapping, a list, and what no variable can hold.
 */
export async function decryptEnvironment(
  input: Uint8Array,
  format: Format,
  keyring: Keyring,
  options: OpenOptions,
): Promise<ReadonlyMap<string, ClearText>> {
  const { documents } = await openFile(input, format, keyring, options);
  const variables = new Map<string, ClearText>();
  for (const item of documents[0]?.items ?? []) {
    if (item.kind === "comment") continue;
    const { key, value } = item;
    if (isComplex(value)) {
      const upstream = `cannot use complex value in environment; offending key ${key}`;
      throw unusable(key, "it is a mapping or a list", options.file, upstream);
    }
    if (key.includes("=")) {
      throw unusable(key, 'its name has a "="', options.file, `cannot use keys with '=' in environment: ${key}`);
    }
    if (typeof value === "object" && value !== null && value.kind === "bytes") {
      // The values of a process's environment are texts here: these bytes would arrive as others.
      throw unusable(key, "it is not UTF-8 text", options.file);
    }
    const text = flatText(value);
    if (`${key}${text}`.includes("\0")) {
      throw unusable(key, "it has a NUL", options.file, "exec: environment variable contains NUL");
    }
    variables.set(key, ClearText.fromText(text));
  }
  return variables;
}

function unusable(key: string, state: string, file: string | undefined, upstream?: string): SopsError {
  return new SopsError("SOPS_UNPRINTABLE", `Cannot make ${JSON.stringify(key)} an environment variable: ${state}`, {
    file,
    path: [key],
    upstream,
    hints: ["keep variables in a file of their own, one text for each name"],
  });
}
