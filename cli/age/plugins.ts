import type { PluginPrompts, Plugins } from "../../src/age/index.ts";
import { pluginPrograms } from "../../src/age/plugin/plugin-programs-adapter.ts";
import type { Io } from "../io.ts";
import { printable, write } from "../output.ts";
import { Failure, warn } from "./failure.ts";
import { readAnswer, readKey } from "./terminal-adapter.ts";

/** Plugins found in PATH, which ask their questions on the terminal. `tool`: who speaks, in front of messages. */
export function terminalPlugins(io: Io, tool = "age"): Plugins {
  return { ...pluginPrograms({ env: io.env, signal: io.signal }), prompts: terminalPrompts(io, tool) };
}

function terminalPrompts(io: Io, tool: string): PluginPrompts {
  /** What a plugin is told as `fail` the person reads as a warning. */
  const reading = async <T>(plugin: string, read: () => Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      if (error instanceof Failure) {
        await warn(tool, io, `could not read value for age-plugin-${plugin}: ${error.message}`);
      }
      throw error;
    }
  };
  return {
    show: (plugin, message) => write(io.stderr, `${tool}: ${plugin} plugin: ${printable(message)}\n`),
    ask: (plugin, question, { secret }) =>
      reading(plugin, () => readAnswer(io, printable(question), { shown: !secret })),
    confirm: (plugin, question, { yes, no }) =>
      reading(plugin, async () => {
        if (no === undefined) {
          await readAnswer(io, printable(`${question} (press enter for ${quoted(yes)})`), { shown: false });
          return true;
        }
        const prompt = printable(`${question} (press [1] for ${quoted(yes)} or [2] for ${quoted(no)})`);
        for (;;) {
          const key = await readKey(io, prompt);
          if (key === "1" || key === "2") return key === "1";
          await warn(tool, io, `reading value for age-plugin-${plugin}: invalid selection '${printable(key)}'`);
        }
      }),
    waiting(plugin) {
      write(io.stderr, `${tool}: waiting on ${plugin} plugin...\n`).catch(() => undefined);
    },
  };
}

const quoted = (text: string) => JSON.stringify(text);
