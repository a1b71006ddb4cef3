import { showUtf8 } from "../../bytes/utf8.ts";
import type { Recipient, Wrapped } from "../recipient.ts";
import type { Stanza } from "../stanza.ts";
import { PluginConnection } from "./connection.ts";
import { answerUntilDone, sendGrease } from "./conversation.ts";
import { pluginBroken, pluginRefused } from "./plugin-errors.ts";
import { pluginOfIdentity, pluginOfRecipient } from "./plugin-name.ts";
import type { Plugins } from "./plugins.ts";

/**
 * The recipient `age1NAME1…` of a plugin: `age-plugin-NAME` wraps the file key.
 *
 * @throws {AgeError} `AGE_RECIPIENT_MALFORMED`; from `wrap` `AGE_PLUGIN_MISSING`, `AGE_PLUGIN_REFUSED`, `AGE_PLUGIN_BROKEN`.
 */
export function pluginRecipient(text: string, plugins: Plugins): Recipient {
  const plugin = pluginOfRecipient(text);
  return { name: text, wrap: (fileKey) => wrapWith(plugins, plugin, ["add-recipient", text], fileKey) };
}

/**
 * Encrypts so that a plugin's identity `AGE-PLUGIN-NAME-1…` can decrypt: the plugin finds the recipient itself.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`; from `wrap` as `pluginRecipient`.
 */
export function pluginIdentityRecipient(text: string, plugins: Plugins): Recipient {
  const plugin = pluginOfIdentity(text);
  return {
    name: `an identity of the ${plugin} plugin`,
    wrap: (fileKey) => wrapWith(plugins, plugin, ["add-identity", text], fileKey),
  };
}

/** Source: C2SP age-plugin specification, "Wrapping with recipient-v1", and its extension for labels. */
async function wrapWith(
  plugins: Plugins,
  plugin: string,
  [add, whom]: readonly [add: "add-recipient" | "add-identity", whom: string],
  fileKey: Uint8Array,
): Promise<Wrapped> {
  return await PluginConnection.with(plugins, { plugin, machine: "recipient-v1" }, async (connection) => {
    await connection.send(add, [whom]);
    await sendGrease(connection);
    await connection.send("wrap-file-key", [], fileKey);
    await connection.send("extension-labels");
    await connection.send("done");
    const stanzas: Stanza[] = [];
    let labels: readonly string[] | undefined;
    await answerUntilDone(connection, plugins.prompts, async ({ type, args, body }) => {
      if (type === "error") throw pluginRefused(plugin, showUtf8(body));
      if (type === "recipient-stanza") {
        const [file, ofType, ...more] = args;
        if (file !== "0" || ofType === undefined) throw pluginBroken(plugin, "it wrapped the key of another file");
        stanzas.push({ type: ofType, args: more, body });
      } else if (type === "labels") {
        if (labels !== undefined) throw pluginBroken(plugin, "it named its labels twice");
        labels = args;
      } else {
        return false;
      }
      await connection.send("ok");
      return true;
    });
    if (stanzas.length === 0) throw pluginBroken(plugin, "it did not wrap the file key");
    return { stanzas, labels: labels ?? [] };
  });
}
