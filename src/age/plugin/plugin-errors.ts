import { AgeError } from "../errors.ts";

/** As much of a plugin's text as a message can bear. */
const SHOWN = 1000;

/** The plugin says itself that it cannot do it; `reason` is its text. */
export function pluginRefused(plugin: string, reason: string): AgeError {
  const said = reason.length > SHOWN ? `${reason.slice(0, SHOWN)}…` : reason;
  return new AgeError("AGE_PLUGIN_REFUSED", `Cannot use age plugin "${plugin}": it reports an error`, {
    original: `${plugin} plugin: ${said}`,
    details: [said],
  });
}

/**
 * The plugin ended early, went silent, or said what the protocol has no place for. `reason` is ours, `original` what age
 * says where it says something else.
 */
export function pluginBroken(plugin: string, reason: string, original = reason): AgeError {
  return new AgeError("AGE_PLUGIN_BROKEN", `Cannot use age plugin "${plugin}": ${reason}`, {
    original: `${plugin} plugin: ${original}`,
    details: [`program: age-plugin-${plugin}`],
    hints: [`look at what it says by itself: AGEDEBUG=plugin, or run age-plugin-${plugin} --help`],
  });
}

/** There is no such program. */
export function pluginMissing(plugin: string): AgeError {
  const program = `age-plugin-${plugin}`;
  return new AgeError("AGE_PLUGIN_MISSING", `Cannot start age plugin "${plugin}": ${program} is not in PATH`, {
    original:
      `${plugin} plugin: couldn't start plugin: "${plugin}" plugin not found: exec: "${program}": ` +
      "executable file not found in $PATH",
    hints: [
      `you might want to install the "${plugin}" plugin`,
      "visit https://age-encryption.org/awesome#plugins for a list of available plugins",
    ],
  });
}
