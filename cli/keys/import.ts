import { checkOwnKey, importSealingKey } from "../../src/keys/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { readTextFile } from "../files-adapter.ts";
import { note, table, write } from "../output.ts";
import { formFlag, inForm, timeText } from "./form.ts";
import { keyPlace, placeFlags, withCluster } from "./place.ts";

export const importCommand = defineCommand({
  name: "keys import",
  summary: "Add a sealing key of your own to those of a cluster",
  examples: [
    { what: "A key and its certificate", command: "sealkit keys import --cert tls.crt --key tls.key" },
    { what: "Only check whether they fit", command: "sealkit keys import --cert tls.crt --key tls.key --dry-run" },
  ],
  description:
    "Checks that key and certificate belong together, that the key is no shorter than 2048 bits and the certificate has not\n" +
    "expired. The other keys stay. New Secrets are sealed with the key whose certificate begins last. Done twice, the second\n" +
    "time changes nothing.",
  flags: {
    cert: flag.text({ placeholder: "FILE", required: true, help: "Certificate, PEM" }),
    key: flag.text({ placeholder: "FILE", required: true, help: "Private key, PEM" }),
    dryRun: flag.toggle({ help: "Check, and change nothing" }),
    output: formFlag("Form of the result"),
    ...placeFlags,
  },
  async run({ flags, io }) {
    const certificatePem = await readTextFile(io, flags.cert ?? "");
    const privateKeyPem = await readTextFile(io, flags.key ?? "");
    const checked = checkOwnKey({ certificatePem, privateKeyPem }, io.now());
    if (flags.dryRun) {
      const { fingerprint, bits, notAfter } = checked.certificate;
      const plan = { type: "sealing", fingerprint, bits, notAfter: timeText(notAfter), dryRun: true };
      await write(
        io.stdout,
        inForm(flags.output, plan, () => ""),
      );
      await note(io, `Key and certificate fit: ${fingerprint}, ${bits} bits`);
      return EXIT.ok;
    }
    return await withCluster(flags, io, async (client) => {
      const { name, fingerprint, isNew, newest } = await importSealingKey(client, checked, keyPlace(flags));
      const result = {
        type: "sealing",
        name,
        namespace: flags.controllerNamespace,
        fingerprint,
        created: isNew,
        newest,
      };
      const row = [name, fingerprint, isNew ? "yes" : "no", newest];
      await write(
        io.stdout,
        inForm(flags.output, result, () => table(["NAME", "FINGERPRINT", "CREATED", "NEWEST"], [row])),
      );
      if (!isNew) await note(io, "The cluster has this key already");
      else if (newest === name) await note(io, "New Secrets are sealed with it. Back it up: sealkit keys backup");
      else await note(io, `It opens; new Secrets are sealed with ${newest}, whose certificate begins later`);
      return EXIT.ok;
    });
  },
});
