import { DEFAULT_KEY_PREFIX } from "../../src/keys/index.ts";
import { flag } from "../define-command.ts";

/** Flags of commands that open everything encrypted in a repository: where the keys are. */
export const openingFlags = {
  backup: flag.texts({
    placeholder: "FILE",
    help: "Backup with the keys, of sealkit keys backup or kubectl get secret -o yaml; may be repeated",
    group: "Keys",
  }),
  identity: flag.texts({
    short: "i",
    placeholder: "FILE",
    help: "age identity that opens the backup; may be repeated",
    group: "Keys",
  }),
  share: flag.texts({
    placeholder: "FILE",
    help: "Share of the identity that opens it; as many as it takes",
    group: "Keys",
  }),
  recoveryPrivateKey: flag.texts({
    short: "k",
    placeholder: "FILE",
    help: "Private sealing keys: PEM, or key Secrets; may be repeated",
    group: "Keys",
  }),
  keyPrefix: flag.text({
    placeholder: "NAME",
    default: DEFAULT_KEY_PREFIX,
    help: "How the names of the keys begin",
    group: "Keys",
  }),
};

/** The values of `openingFlags`. */
export interface OpeningFlagValues {
  readonly backup: readonly string[];
  readonly identity: readonly string[];
  readonly share: readonly string[];
  readonly recoveryPrivateKey: readonly string[];
  readonly keyPrefix: string;
}
