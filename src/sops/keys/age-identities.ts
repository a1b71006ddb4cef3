import { AgeError, type Identity, parseIdentitiesFile } from "../../age/index.ts";
import type { IdentitySource } from "./identity-source.ts";

/** A source with what could be read of it. */
export interface LoadedSource {
  readonly where: string;
  readonly identities: readonly Identity[];
  readonly problem: string | undefined;
}

/** Asks for the identities of one recipient, such as a command that knows them; undefined when nobody can be asked. */
export type AskForIdentities = (recipient: string) => Promise<IdentitySource | undefined>;

/** The age identities of a keyring: those of its sources, and those that were asked for since. */
export class AgeIdentities {
  readonly #sources: LoadedSource[];
  readonly #ask: AskForIdentities | undefined;
  readonly #asked = new Map<string, Promise<boolean>>();

  constructor(sources: readonly IdentitySource[], ask?: AskForIdentities) {
    this.#sources = sources.map(loadSource);
    this.#ask = ask;
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
    const source = await this.#ask?.(recipient);
    if (source === undefined) return false;
    const loaded = loadSource(source);
    this.#sources.push(loaded);
    return loaded.identities.length > 0;
  }
}

/** A source that cannot be read is remembered for the error, and no obstacle. */
function loadSource({ where, identities, problem }: IdentitySource): LoadedSource {
  if (identities === undefined) return { where, identities: [], problem: problem ?? "nothing there" };
  try {
    return { where, identities: parseIdentitiesFile(identities.revealText()), problem: undefined };
  } catch (error) {
    return { where, identities: [], problem: error instanceof AgeError ? error.original : "not UTF-8 text" };
  }
}
