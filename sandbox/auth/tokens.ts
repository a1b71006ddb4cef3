import { createHash, timingSafeEqual } from "node:crypto";
import type { User } from "./user.ts";

/** Bearer tokens of this sandbox and whom they stand for. Holds hashes only. */
export class TokenBook {
  readonly #users: { readonly hash: Buffer; readonly user: User }[] = [];

  add(token: string, user: User): void {
    this.#users.push({ hash: hashOf(token), user });
  }

  find(token: string): User | undefined {
    const hash = hashOf(token);
    return this.#users.find((entry) => timingSafeEqual(entry.hash, hash))?.user;
  }
}

const hashOf = (token: string) => createHash("sha256").update(token).digest();
