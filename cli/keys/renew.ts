import { renewSealingKey, waitUntilServed } from "../../src/keys/index.ts";
import { systemClock } from "../../src/kube/index.ts";
import { printJson } from "../../src/yaml/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { note, write } from "../output.ts";
import { certificateFetcher, keyPlace, placeFlags, withCluster } from "./place.ts";

export const renewCommand = defineCommand({
  name: "keys renew",
  summary: "Add a new sealing key; the old ones go on opening",
  examples: [
    { what: "A new key, and wait until the controller uses it", command: "sealkit keys renew" },
    { what: "With another size and validity", command: "sealkit keys renew --bits 2048 --ttl 8760h" },
    { what: "Then back up: the old backup lacks the new key", command: "sealkit keys backup -r age1… -o keys.age" },
  ],
  description:
    "What is committed stays readable: renewal adds a key and changes none. To bring manifests onto the new key, have them\n" +
    "sealed again: sealkit kubeseal --re-encrypt -f FILE.",
  flags: {
    bits: flag.choice(["2048", "3072", "4096"], { default: "4096", help: "Size of the RSA key" }),
    ttl: flag.duration({ default: "87600h", placeholder: "DURATION", help: "How long its certificate is valid" }),
    timeout: flag.duration({
      default: "60s",
      placeholder: "DURATION",
      help: "How long to wait for the controller; 0: not",
    }),
    dryRun: flag.toggle({ help: "Say what would be done and change nothing" }),
    output: flag.choice(["text", "json"], { short: "o", default: "text", help: "Form of the result" }),
    ...placeFlags,
  },
  run: ({ flags, io }) =>
    withCluster(flags, io, async (client) => {
      if (flags.dryRun) {
        const { namespace } = keyPlace(flags);
        await note(io, `Would add one key of ${flags.bits} bits to namespace ${namespace}; the present ones stay`);
        return EXIT.ok;
      }
      const settings = { ...keyPlace(flags), now: io.now(), bits: Number(flags.bits), lifetimeMs: flags.ttl };
      const { name, fingerprint, notAfter } = await renewSealingKey(client, settings);
      const text =
        flags.output === "json"
          ? `${printJson({ name, namespace: flags.controllerNamespace, fingerprint }, { indent: "  " })}\n`
          : `${name} ${fingerprint} (until ${new Date(notAfter).toISOString().slice(0, 10)})\n`;
      await write(io.stdout, text);
      if (flags.timeout > 0) {
        await waitUntilServed({
          fetchCertificate: certificateFetcher(flags, io),
          fingerprint,
          timeoutMs: flags.timeout,
          clock: systemClock,
          signal: io.signal,
        });
        await note(io, "The controller seals with it now. Back it up: sealkit keys backup");
      }
      return EXIT.ok;
    }),
});
