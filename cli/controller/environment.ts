import { type FlagTable, kebab } from "../definition.ts";
import { parseFlags } from "../pflag.ts";

/**
 * The flags that the environment sets, as words to put before those of the command line: `SEALED_SECRETS_KEY_SIZE=2048`
 * becomes `--key-size=2048`. A value that is not good for its flag is passed over, as the original does.
 */
export function environmentWords(flags: FlagTable, env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(flags).flatMap(([key, { kind, check }]) => {
    const name = kebab(key);
    const value = env[`SEALED_SECRETS_${name.toUpperCase().replaceAll("-", "_")}`];
    if (value === undefined) return [];
    const word = `--${name}=${value}`;
    return parseFlags([{ name, kind, check }], [word]).ok ? [word] : [];
  });
}
