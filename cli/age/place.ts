/** Where in an open file to go on: where the system left off, which is all that some files allow, until it is moved. */
export class Place {
  #position: number | null = null;

  /** For the calls of `node:fs`. */
  get position(): number | null {
    return this.#position;
  }

  moveTo(position: number): void {
    this.#position = position;
  }

  /** So many bytes were read or written there. */
  advance(bytes: number): void {
    if (this.#position !== null) this.#position += bytes;
  }
}
