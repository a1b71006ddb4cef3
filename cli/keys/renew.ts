import { renewSealingKey } from "../../src/keys/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import { note, table, write } from "../output.ts";
import { formFlag, inForm, timeText } from "./form.ts";
import { lifetimeFlag } from "./lifetime-flag.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";
import { renewAge } from "./renew-age.ts";
import { ignoreUnreadFlag } from "./unread.ts";
import { waitForKey } from "./wait.ts";

export const renewCommand = defineCommand({
  name: "keys renew",
  summary: "Add a new sealing key; the old ones go on opening",
  examples: [
    { what: "A new key, and wait until the controller uses it", command: "sealkit keys renew" },
    { what: "With another size and validity", command: "sealkit keys renew --bits 2048 --ttl 8760h" },
    {
      what: "A new age identity, in the decryption Secret, .sops.yaml and the files",
      command: "sealkit keys renew --age --repo .",
    },
    {
      what: "Later, when that is synced: the old one goes",
      command: "sealkit keys renew --age --repo . --retire-old",
    },
    { what: "Then back up: the old backup lacks the new key", command: "sealkit keys backup -r age1… -o keys.age" },
  ],
  description:
    "What is committed stays readable: renewal adds a key and changes none. To bring manifests onto the new key, have them\n" +
    "sealed again: sealkit rotate --repo .\n" +
    "With --age a new age identity comes into the Secret that Kustomizations decrypt with, its recipient beside the old one\n" +
    "into the rules and SOPS files of --repo, and each of these files gets a new data key. The old identity stays until\n" +
    "--retire-old, which first opens every file with the new one alone.",
  flags: {
    age: flag.toggle({ help: "Renew the age identity that Kustomizations decrypt with, not the sealing key" }),
    secret: flag.text({ placeholder: "NAMESPACE/NAME", help: "With --age: the Secret that holds it" }),
    repo: flag.texts({ placeholder: "FOLDER", help: "With --age: repository to change; may be repeated" }),
    retireOld: flag.toggle({ help: "With --age: take the old identities away, after proof" }),
    allBranches: flag.toggle({ help: "With --retire-old: the proof takes in what all branches have committed" }),
    ignoreUnread: ignoreUnreadFlag,
    bits: flag.choice(["2048", "3072", "4096"], { default: "4096", help: "Size of the RSA key" }),
    ttl: lifetimeFlag,
    wait: flag.toggle({ default: true, help: "Wait until the controller seals with it" }),
    noWait: flag.toggle({ help: "Do not wait" }),
    timeout: flag.duration({
      default: "60s",
      placeholder: "DURATION",
      help: "How long to wait for the controller; 0: not",
    }),
    dryRun: flag.toggle({ help: "Say what would be done and change nothing" }),
    output: formFlag("Form of the result"),
    ...placeFlags,
  },
  run: ({ flags, io }) =>
    withCluster(flags, io, async (client) => {
      if (flags.age) {
        return await renewAge(client, flags, io);
      }
      const isAgeOnly = flags.retireOld || flags.allBranches || flags.ignoreUnread;
      if (isAgeOnly || flags.secret !== undefined || flags.repo.length > 0) {
        throw new CliError(
          "CLI_BAD_FLAG",
          "Cannot use --secret, --repo, --all-branches, --ignore-unread or --retire-old without --age",
          {
            hints: ["a sealing key is retired with: sealkit keys retire KEY --repo FOLDER"],
          },
        );
      }
      if (flags.dryRun) {
        const { namespace } = keyPlace(flags);
        const plan = { type: "sealing", namespace, bits: Number(flags.bits), dryRun: true };
        await write(
          io.stdout,
          inForm(flags.output, plan, () => ""),
        );
        await note(io, `Would add one key of ${flags.bits} bits to namespace ${namespace}; the present ones stay`);
        return EXIT.ok;
      }
      const settings = { ...keyPlace(flags), now: io.now(), bits: Number(flags.bits), lifetimeMs: flags.ttl };
      const { name, fingerprint, notAfter } = await renewSealingKey(client, settings);
      const result = {
        type: "sealing",
        name,
        namespace: flags.controllerNamespace,
        fingerprint,
        notAfter: timeText(notAfter),
      };
      const row = [name, fingerprint, timeText(notAfter).slice(0, 10)];
      await write(
        io.stdout,
        inForm(flags.output, result, () => table(["NAME", "FINGERPRINT", "EXPIRES"], [row])),
      );
      if (flags.wait && !flags.noWait && flags.timeout > 0) {
        await waitForKey(io, flags, fingerprint);
        await note(io, "The controller seals with it now. Back it up: sealkit keys backup");
      }
      return EXIT.ok;
    }),
});
