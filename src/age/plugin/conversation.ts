import { primitives } from "#primitives";
import { decodeBase64Unpadded } from "../../bytes/base64.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { encodeUtf8, showUtf8 } from "../../bytes/utf8.ts";
import type { Stanza } from "../stanza.ts";
import type { PluginConnection } from "./connection.ts";
import { pluginBroken } from "./plugin-errors.ts";
import type { PluginPrompts } from "./plugins.ts";

/** Answers a command that belongs to one conversation only. False: it does not know the command. */
export type Answer = (command: Stanza) => Promise<boolean>;

/**
 * The second phase of both conversations, in which the plugin commands and we answer, until it is done. What nobody knows
 * is answered with `unsupported`, so that plugins can be newer than we are.
 *
 * Source: C2SP age-plugin specification, "Phase 2".
 */
export async function answerUntilDone(
  connection: PluginConnection,
  prompts: PluginPrompts | undefined,
  answer: Answer,
): Promise<void> {
  for (;;) {
    const command = await connection.receive();
    if (command.type === "done") return;
    if (await answer(command)) continue;
    if (!(await answerPrompt(connection, prompts, command))) await connection.send("unsupported");
  }
}

/** Sometimes says something that no plugin knows, so that plugins keep passing over what they do not know. */
export async function sendGrease(connection: PluginConnection): Promise<void> {
  const random = primitives.randomBytes(9);
  if (((random[0] ?? 0) & 1) === 0) return;
  const [word, argument, body] = [random.subarray(1, 5), random.subarray(5, 7), random.subarray(7)];
  await connection.send(`grease-${encodeHex(word)}`, [encodeHex(argument)], body);
}

async function answerPrompt(
  connection: PluginConnection,
  prompts: PluginPrompts | undefined,
  command: Stanza,
): Promise<boolean> {
  const { plugin } = connection;
  const text = showUtf8(command.body);
  switch (command.type) {
    case "msg":
      await replyWith(connection, prompts && (() => prompts.show(plugin, text).then(() => ({}))));
      return true;
    case "request-public":
    case "request-secret": {
      const secret = command.type === "request-secret";
      const ask = prompts && (async () => ({ body: encodeUtf8(await prompts.ask(plugin, text, { secret })) }));
      await replyWith(connection, ask);
      return true;
    }
    case "confirm": {
      const answers = answersOf(plugin, command);
      const ask = prompts && (async () => ({ args: [(await prompts.confirm(plugin, text, answers)) ? "yes" : "no"] }));
      await replyWith(connection, ask);
      return true;
    }
    default:
      return false;
  }
}

interface Reply {
  readonly args?: readonly string[];
  readonly body?: Uint8Array;
}

async function replyWith(connection: PluginConnection, ask: (() => Promise<Reply>) | undefined): Promise<void> {
  const reply = ask === undefined ? undefined : await ask().catch(() => undefined);
  if (reply === undefined) await connection.send("fail");
  else await connection.send("ok", reply.args, reply.body);
  reply?.body?.fill(0);
}

function answersOf(plugin: string, { args }: Stanza): { readonly yes: string; readonly no: string | undefined } {
  const [yes, no] = args.map((text) => decodeBase64Unpadded(text).bytes);
  const wellFormed = args.length === 1 ? yes !== undefined : args.length === 2 && yes !== undefined && no !== undefined;
  if (!wellFormed || yes === undefined) throw pluginBroken(plugin, "its question has malformed answers");
  return { yes: showUtf8(yes), no: no === undefined ? undefined : showUtf8(no) };
}
