import { fieldAt, type KubeObject, type ObjectMeta } from "../../src/objects/index.ts";
import type { Pass } from "../pass.ts";
import { isLater } from "../versions.ts";
import { CLUSTER_WIDE, isOn, NAMESPACE_WIDE } from "./annotations.ts";

interface Success {
  readonly sealed: string;
  readonly secret: ObjectMeta;
  readonly pass: Pass;
}

/**
 * Successes of objects with templates whose status could not be written. The next try only tells them: rendering again
 * could give another Secret each time, as templates may use random numbers and the clock.
 */
export class Untold {
  readonly #last = new Map<string, Success>();
  readonly #untold = new Map<string, Success>();

  /** The Secret with this metadata is what the object says, and `pass` tells so. */
  succeeded(key: string, sealed: KubeObject, secret: ObjectMeta | undefined, pass: Pass): void {
    const templates = fieldAt(fieldAt(sealed["spec"], "template"), "data");
    if (secret === undefined || templates === undefined || templates === null) this.#last.delete(key);
    else this.#last.set(key, { sealed: versionOf(sealed), secret, pass: { ...pass, events: [] } });
  }

  /** The status after the last success could not be written. */
  notTold(key: string): void {
    const last = this.#last.get(key);
    if (last !== undefined) this.#untold.set(key, last);
  }

  /** What is still to be told of the object, if neither it nor its Secret changed since. */
  take(key: string, sealed: KubeObject, live: ObjectMeta | undefined): Pass | undefined {
    const found = this.#untold.get(key);
    this.#untold.delete(key);
    if (found === undefined || live === undefined || found.sealed !== versionOf(sealed)) return undefined;
    return live.uid === found.secret.uid && !isLater(live, found.secret) ? found.pass : undefined;
  }

  forget(key: string): void {
    this.#last.delete(key);
    this.#untold.delete(key);
  }
}

/** What of an object decides which Secret comes of it. */
function versionOf(sealed: KubeObject): string {
  const { uid, generation } = sealed.metadata;
  return JSON.stringify([uid, generation, isOn(sealed, NAMESPACE_WIDE), isOn(sealed, CLUSTER_WIDE)]);
}
