import { DEFAULT_KEY_PREFIX } from "../../src/keys/index.ts";
import { flag } from "../define-command.ts";

/** Flags of commands that open items: where the private keys are. */
export const privateKeyFlags = {
  privateKey: flag.texts({
    short: "k",
    placeholder: "FILE",
    help: "Private keys: PEM, key Secrets, or a backup; may be repeated",
    group: "Keys",
  }),
  identity: flag.texts({
    short: "i",
    placeholder: "FILE",
    help: "age identity that opens an encrypted backup; may be repeated",
    group: "Keys",
  }),
  fromCluster: flag.toggle({
    help: "Read the private keys from the cluster; needs the right to read the Secrets of the controller's namespace",
    group: "Keys",
  }),
  keyPrefix: flag.text({
    placeholder: "NAME",
    default: DEFAULT_KEY_PREFIX,
    help: "How the names of the keys in the cluster begin",
    group: "Cluster",
  }),
};
