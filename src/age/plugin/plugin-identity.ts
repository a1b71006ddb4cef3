import { showUtf8 } from "../../bytes/utf8.ts";
import type { Identity } from "../recipient.ts";
import type { Stanza } from "../stanza.ts";
import { PluginConnection } from "./connection.ts";
import { answerUntilDone, sendGrease } from "./conversation.ts";
import { pluginBroken, pluginRefused } from "./plugin-errors.ts";
import { identityWithoutData, pluginOfIdentity } from "./plugin-name.ts";
import { pluginIdentityRecipient } from "./plugin-recipient.ts";
import type { Plugins } from "./plugins.ts";

/**
 * The identity `AGE-PLUGIN-NAME-1…` of a plugin: `age-plugin-NAME` unwraps the file key. It is asked after all identities
 * that need nobody.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`, without the text; from `unwrap` `AGE_PLUGIN_MISSING`,
 *   `AGE_PLUGIN_REFUSED`, `AGE_PLUGIN_BROKEN`.
 */
export function pluginIdentity(text: string, plugins: Plugins): Identity {
  const plugin = pluginOfIdentity(text);
  return {
    name: `the ${plugin} plugin`,
    needsSomebody: true,
    asRecipient: () => pluginIdentityRecipient(text, plugins),
    unwrap: (stanzas) => unwrapWith(plugins, plugin, text, stanzas),
  };
}

/**
 * The identity of a plugin that needs no key file, as `age -j NAME` means it.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED` when no plugin can be called so; from `unwrap` as `pluginIdentity`.
 */
export function pluginIdentityNamed(name: string, plugins: Plugins): Identity {
  return pluginIdentity(identityWithoutData(name), plugins);
}

/** Source: C2SP age-plugin specification, "Unwrapping with identity-v1". */
async function unwrapWith(
  plugins: Plugins,
  plugin: string,
  identity: string,
  stanzas: readonly Stanza[],
): Promise<Uint8Array | undefined> {
  return await PluginConnection.with(plugins, { plugin, machine: "identity-v1" }, async (connection) => {
    await connection.send("add-identity", [identity]);
    await sendGrease(connection);
    for (const { type, args, body } of stanzas) await connection.send("recipient-stanza", ["0", type, ...args], body);
    await connection.send("done");
    let fileKey: Uint8Array | undefined;
    await answerUntilDone(connection, plugins.prompts, async ({ type, args, body }) => {
      if (type !== "file-key" && type !== "error") return false;
      if (type === "error") {
        await connection.send("ok");
        throw pluginRefused(plugin, showUtf8(body));
      }
      if (args.length !== 1 || args[0] !== "0") throw pluginBroken(plugin, "it unwrapped the key of another file");
      if (fileKey !== undefined) throw pluginBroken(plugin, "it unwrapped the file key twice");
      fileKey = body;
      await connection.send("ok");
      return true;
    });
    return fileKey;
  });
}
