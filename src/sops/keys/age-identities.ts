import { AgeError, type Identity, type Plugins, parseIdentitiesFile, sshIdentity } from "../../age/index.ts";
import type { IdentitySource, OriginalPlace } from "./identity-source.ts";
import { isLockedIdentityFile, lockedIdentities } from "./locked-identities.ts";

/** A source with what could be read of it. */
export interface LoadedSource {
  readonly where: string;
  readonly identities: readonly Identity[];
  readonly problem: string | undefined;
  readonly isUnset: boolean;
  /** Whether there is a text, and it has nothing but comments and empty lines. */
  readonly isEmpty: boolean;
  readonly isSshKey: boolean;
  readonly original: OriginalPlace | undefined;
  /** The original's reason why the text is no identity. */
  readonly malformed: string | undefined;
}

/** Asks for the identities of one recipient, such as a command that knows them. None when nobody can be asked. */
export type AskForIdentities = (recipient: string) => Promise<readonly IdentitySource[]>;

export interface AgeIdentitiesOptions {
  readonly ask?: AskForIdentities | undefined;
  readonly plugins?: Plugins | undefined;
}

/** The age identities of a keyring: those of its sources, and those that were asked for since. */
export class AgeIdentities {
  readonly #sources: LoadedSource[];
  readonly #options: AgeIdentitiesOptions;
  readonly #asked = new Map<string, Promise<boolean>>();

  constructor(sources: readonly IdentitySource[], options: AgeIdentitiesOptions = {}) {
    this.#options = options;
    this.#sources = sources.map((source) => loadSource(source, options.plugins));
  }

  get sources(): readonly LoadedSource[] {
    return this.#sources;
  }

  get all(): readonly Identity[] {
    return this.#sources.flatMap(({ identities }) => identities);
  }

  /** Asks for identities of a recipient, once. Returns whether there are more than before. */
  async askFor(recipient: string): Promise<boolean> {
    const before = this.#asked.get(recipient);
    const now = before ?? this.#learn(recipient);
    this.#asked.set(recipient, now);
    return await now;
  }

  async #learn(recipient: string): Promise<boolean> {
    const asked = (await this.#options.ask?.(recipient)) ?? [];
    const loaded = asked.map((source) => loadSource(source, this.#options.plugins));
    this.#sources.push(...loaded);
    return loaded.some(({ identities }) => identities.length > 0);
  }
}

/** What the original says of a text that it cannot make anything of. */
const NO_IDENTITY = "unknown identity type";

/** A source that cannot be read is remembered for the error, and no obstacle. */
function loadSource(source: IdentitySource, plugins: Plugins | undefined): LoadedSource {
  const { where, identities, problem, isUnset = false, isSshKey = false, original } = source;
  const loaded: LoadedSource = {
    where,
    identities: [],
    problem: undefined,
    isUnset,
    isEmpty: false,
    isSshKey,
    original,
    malformed: undefined,
  };
  if (identities === undefined) return { ...loaded, problem: problem ?? "nothing there" };
  try {
    const file = identities.reveal();
    if (isSshKey !== true && isLockedIdentityFile(file))
      return { ...loaded, identities: [locked(file, source, plugins)] };
    const text = identities.revealText();
    if (hasOnlyComments(text)) return { ...loaded, isEmpty: true, problem: "no identities found" };
    return { ...loaded, identities: identitiesIn(text, source, plugins) };
  } catch (error) {
    if (!(error instanceof AgeError)) return { ...loaded, problem: "not UTF-8 text", malformed: NO_IDENTITY };
    return { ...loaded, problem: error.original, malformed: reasonOf(error) };
  }
}

function identitiesIn(
  text: string,
  { askPassphrase, isSshKey, sshPublicKey }: IdentitySource,
  plugins: Plugins | undefined,
): readonly Identity[] {
  if (isSshKey === true) return [sshIdentity(text, askPassphrase, { publicKey: sshPublicKey })];
  return parseIdentitiesFile(text, {
    plugins,
    ...(askPassphrase === undefined ? {} : { sshPassphrase: askPassphrase }),
  });
}

/** @throws {AgeError} `AGE_IDENTITY_LOCKED` when nobody can be asked for the passphrase. */
function locked(file: Uint8Array, { where, askPassphrase }: IdentitySource, plugins: Plugins | undefined): Identity {
  if (askPassphrase !== undefined) return lockedIdentities(file, where, askPassphrase, plugins);
  throw new AgeError("AGE_IDENTITY_LOCKED", "Cannot use age identities: they are behind a passphrase", {
    original: "it is behind a passphrase, which cannot be asked for here",
  });
}

function hasOnlyComments(text: string): boolean {
  return text.split("\n").every((line) => /^(#.*)?\r?$/.test(line));
}

/** The original counts no lines there. */
function reasonOf({ original }: AgeError): string {
  return original.replace(/^error at line \d+: /, "");
}
