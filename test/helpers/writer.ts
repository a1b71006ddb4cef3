import { SEALED_SECRETS } from "../../controller/api/index.ts";
import { isReason, type KubeClient } from "../../src/kube/index.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { SealingCertificate } from "../../src/x509/index.ts";
import type { SecretEvent } from "./secret-recorder.ts";
import { sealedOf } from "./swap-shapes.ts";

/** What the writer asked of one SealedSecret: its values one after the other, and when it was deleted. */
interface Wish {
  readonly values: string[];
  deletedAtMs?: number;
}

/** Objects that the writer keeps at the same time. */
const ALIVE = 30;

/** Somebody who creates, changes and deletes SealedSecrets without pause, and remembers what came of it. */
export class Writer {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #certificates: readonly SealingCertificate[];
  readonly #wishes = new Map<string, Wish>();
  #stopped = false;
  #serial = 0;
  count = 0;

  constructor(client: KubeClient, namespace: string, certificates: readonly SealingCertificate[]) {
    this.#client = client;
    this.#namespace = namespace;
    this.#certificates = certificates;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const alive = this.#alive();
      // One after the other: as many are made as are deleted, and most of the time one is changed.
      const turn = this.count % 5;
      if (alive.length < ALIVE || turn === 0) await this.#create(`written-${this.#serial++}`);
      else if (turn === 1) await this.#delete(alive[0] ?? "");
      else await this.#change(alive[(this.count * 7) % alive.length] ?? "");
      this.count += 1;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Whether every Secret holds what was asked for last. */
  async isServed(): Promise<boolean> {
    const { items } = await this.#client.list<KubeObject>(SECRETS, { namespace: this.#namespace });
    return this.wrong(new Map(items.map((item) => [item.metadata.name ?? "", item]))).length === 0;
  }

  /** Names whose Secret is not what was asked for last. */
  wrong(now: ReadonlyMap<string, KubeObject>): string[] {
    return [...this.#wishes]
      .filter(([name, { values, deletedAtMs }]) => {
        const data = now.get(name)?.["data"] as Record<string, string> | undefined;
        return deletedAtMs === undefined ? data?.["value"] !== values.at(-1) : data !== undefined;
      })
      .map(([name]) => name);
  }

  /**
   * Changes of Secrets that nobody asked for: a value that was not next, or a Secret that went too early. The original
   * writes what it opened, however old that is by then; beside another controller it can set a Secret back for a moment.
   */
  complaints(events: readonly SecretEvent[]): string[] {
    const reached = new Map<string, number>();
    const complaints: string[] = [];
    for (const { name, type, data, atMs, by } of events) {
      const wish = this.#wishes.get(name);
      if (wish === undefined) continue;
      if (type === "DELETED") {
        if (wish.deletedAtMs === undefined || atMs < wish.deletedAtMs) complaints.push(`${name} went unasked`);
        continue;
      }
      const at = wish.values.indexOf(data["value"] ?? "");
      if (at < (reached.get(name) ?? 0) && (at < 0 || by.startsWith("sealkit"))) {
        complaints.push(`${name}: value ${at} after ${reached.get(name)}, by ${by}`);
      }
      if (Object.keys(data).join() !== "value") complaints.push(`${name} holds ${Object.keys(data)}`);
      reached.set(name, at);
    }
    return complaints;
  }

  async #create(name: string): Promise<void> {
    const value = this.#next(name);
    this.#wishes.set(name, { values: [value] });
    await this.#client.create(SEALED_SECRETS, await this.#sealed(name, value));
  }

  async #change(name: string): Promise<void> {
    const value = this.#next(name);
    this.#wishes.get(name)?.values.push(value);
    const { spec } = await this.#sealed(name, value);
    for (;;) {
      const live = await this.#client.get<KubeObject>(SEALED_SECRETS, { namespace: this.#namespace, name });
      if (live === undefined) throw new Error(`the SealedSecret ${name} went unasked`);
      try {
        await this.#client.update(SEALED_SECRETS, { ...live, spec });
        return;
      } catch (error) {
        if (!isReason(error, "Conflict")) throw error;
      }
    }
  }

  async #delete(name: string): Promise<void> {
    const wish = this.#wishes.get(name);
    if (wish !== undefined) wish.deletedAtMs = Date.now();
    await this.#client.delete(SEALED_SECRETS, { namespace: this.#namespace, name });
  }

  async #sealed(name: string, value: string): Promise<KubeObject> {
    const certificate = this.#certificates[this.count % this.#certificates.length];
    if (certificate === undefined) throw new RangeError("the writer expected a certificate");
    return await sealedOf({ name, namespace: this.#namespace, values: { value }, certificate });
  }

  #next(name: string): string {
    return btoa(`${name} ${this.count}`);
  }

  #alive(): string[] {
    return [...this.#wishes].filter(([, { deletedAtMs }]) => deletedAtMs === undefined).map(([name]) => name);
  }
}

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
