import { decodeBase64Unpadded } from "../../bytes/base64.ts";
import { concat } from "../../bytes/concat.ts";
import { encodeUtf8, showUtf8 } from "../../bytes/utf8.ts";
import { ByteReader } from "../byte-reader.ts";
import { LIMITS } from "../limits.ts";
import { COLUMNS, formatStanza, type Stanza } from "../stanza.ts";
import { pluginBroken } from "./plugin-errors.ts";
import type { PluginMachine, PluginProgram, Plugins } from "./plugins.ts";

const NOTHING = new Uint8Array(0);
const NOTICE_MS = 5_000;

/**
 * A plugin that runs, and stanzas to and from it. Everything it says is bounded: the length of a line, all bytes and
 * stanzas of a conversation, and the time that it may be silent or not listen.
 */
export class PluginConnection {
  readonly plugin: string;
  readonly #plugins: Plugins;
  readonly #program: PluginProgram;
  readonly #reader: ByteReader;
  #bytes = 0;
  #stanzas = 0;

  private constructor(plugin: string, plugins: Plugins, program: PluginProgram) {
    this.plugin = plugin;
    this.#plugins = plugins;
    this.#program = program;
    this.#reader = new ByteReader(program.output);
  }

  /** Runs `talk` with a plugin that is stopped afterwards, whatever happens. */
  static async with<T>(
    plugins: Plugins,
    { plugin, machine }: { readonly plugin: string; readonly machine: PluginMachine },
    talk: (connection: PluginConnection) => Promise<T>,
  ): Promise<T> {
    const program = await plugins.start(plugin, machine);
    try {
      return await talk(new PluginConnection(plugin, plugins, program));
    } finally {
      await program.stop();
    }
  }

  async send(type: string, args: readonly string[] = [], body: Uint8Array = NOTHING): Promise<void> {
    const stanza = encodeUtf8(formatStanza({ type, args, body }));
    const written = this.#program.write(stanza).catch(() => {
      throw pluginBroken(this.plugin, "it ended before it was told everything");
    });
    await this.#inTime(written);
  }

  /** @throws {AgeError} `AGE_PLUGIN_BROKEN` for the end of its output too: the last word has to be `done`. */
  async receive(): Promise<Stanza> {
    this.#stanzas++;
    if (this.#stanzas > LIMITS.pluginStanzas) throw pluginBroken(this.plugin, "it says too much");
    const opening = await this.#line(LIMITS.pluginLineBytes);
    const [mark, type, ...args] = opening.split(" ");
    if (mark !== "->" || type === undefined || ![type, ...args].every((word) => /^[!-~]+$/.test(word))) {
      throw pluginBroken(this.plugin, "what it says is no stanza");
    }
    const parts: Uint8Array[] = [];
    for (;;) {
      const text = await this.#line(COLUMNS + 1);
      const { bytes } = decodeBase64Unpadded(text);
      if (bytes === undefined) throw pluginBroken(this.plugin, "what it says is no base64");
      parts.push(bytes);
      if (text.length < COLUMNS) return { type, args, body: concat(...parts) };
    }
  }

  async #line(limit: number): Promise<string> {
    const line = await this.#inTime(this.#read(limit));
    if (line === undefined) throw pluginBroken(this.plugin, "a line that it says is too long");
    this.#bytes += line.length;
    if (this.#bytes > LIMITS.pluginBytes) throw pluginBroken(this.plugin, "it says too much");
    if (line.at(-1) !== 0x0a)
      throw pluginBroken(this.plugin, "it ended before it said that it is done", "failed to read line: EOF");
    return showUtf8(line.subarray(0, -1));
  }

  async #read(limit: number): Promise<Uint8Array | undefined> {
    try {
      return await this.#reader.line(limit);
    } catch {
      throw pluginBroken(this.plugin, "its output cannot be read");
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const { after, prompts } = this.#plugins;
    const cancel: (() => void)[] = [];
    const silence = new Promise<never>((_, reject) => {
      const minutes = LIMITS.pluginSilenceMs / 60_000;
      const stop = () => reject(pluginBroken(this.plugin, `it has been silent for ${minutes} minutes`));
      cancel.push(after(LIMITS.pluginSilenceMs, stop));
      cancel.push(after(NOTICE_MS, () => prompts?.waiting?.(this.plugin)));
    });
    // When time is up first, what comes of the work interests nobody any more.
    work.catch(() => undefined);
    try {
      return await Promise.race([work, silence]);
    } finally {
      for (const each of cancel) each();
    }
  }
}
