import type { Identity, Plugins } from "../../age/index.ts";
import type { KeyType } from "../metadata/metadata.ts";
import { AgeIdentities, type AskForIdentities, type LoadedSource } from "./age-identities.ts";
import { ageKeyService } from "./age-key-service.ts";
import { DEFAULT_DECRYPTION_ORDER } from "./decryption-order.ts";
import type { IdentitySource } from "./identity-source.ts";
import type { KeyService, KeyServices } from "./key-service.ts";
import { ShareCache } from "./share-cache.ts";

/** What data keys are decrypted and encrypted with, ready for any number of files. */
export interface Keyring {
  readonly sources: readonly LoadedSource[];
  readonly identities: readonly Identity[];
  /** Types of keys in the order in which they are tried; the others come behind them. */
  readonly decryptionOrder: readonly string[];
  readonly parts: ShareCache;
  /** Who is asked for keys of a type, one after the other until one does it. Empty when nobody answers for it. */
  servicesFor(type: KeyType): readonly KeyService[];
  /** Asks for identities of an age recipient that nothing else opens. Returns whether there are more than before. */
  askFor(recipient: string): Promise<boolean>;
}

export interface KeyringOptions {
  /** Key services besides age. One for age in this map stands in for that of the identities. */
  readonly services?: KeyServices | undefined;
  /** Whether the identities and `services` are used at all; default true. Without them only the remote ones are asked. */
  readonly useLocal?: boolean | undefined;
  /** Services that answer for every type. They are asked after the local one, in this order. */
  readonly remoteServices?: readonly KeyService[] | undefined;
  /** Types of keys in the order in which they are tried: `age` and `pgp` first when absent. */
  readonly decryptionOrder?: readonly string[] | undefined;
  /** Asked for the identities of a recipient when nothing else opens a file. */
  readonly askForIdentities?: AskForIdentities | undefined;
  /** Runs plugins of age, for identities and recipients that name one. Without it those are refused. */
  readonly plugins?: Plugins | undefined;
}

/** Reads the identities of all sources. A source that cannot be read is remembered for the error, and no obstacle. */
export function loadKeyring(sources: readonly IdentitySource[], options: KeyringOptions = {}): Keyring {
  const { services, useLocal = true, remoteServices = [], decryptionOrder = DEFAULT_DECRYPTION_ORDER } = options;
  const { plugins, askForIdentities } = options;
  const ask = useLocal ? askForIdentities : undefined;
  const identities = new AgeIdentities(useLocal ? sources : [], { ask, plugins });
  const local = new Map<KeyType, KeyService>([["age", ageKeyService(identities, plugins)], ...(services ?? [])]);
  return {
    get sources() {
      return identities.sources;
    },
    get identities() {
      return identities.all;
    },
    decryptionOrder,
    parts: new ShareCache(),
    servicesFor(type) {
      const own = useLocal ? local.get(type) : undefined;
      return own === undefined ? remoteServices : [own, ...remoteServices];
    },
    askFor: (recipient) => identities.askFor(recipient),
  };
}
