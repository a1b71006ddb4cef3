import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync } from "node:zlib";

export type ObjectFormat = "sha1" | "sha256";

interface Entry {
  readonly mode: "100644" | "120000";
  readonly hash: string;
}

/**
 * Writes an empty repository and commits into it as git keeps them, in this process: a program for each step is most of what
 * the tests of sources would cost. The index stays empty: `git add --all` makes one.
 */
export class GitObjects {
  readonly #folder: string;
  readonly #format: ObjectFormat;
  readonly #files = new Map<string, Entry>();

  /** `folder` is the one that is called `.git` in a work tree. */
  constructor(folder: string, format: ObjectFormat) {
    this.#folder = folder;
    this.#format = format;
    for (const part of ["objects", "refs/heads"]) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, "HEAD"), "ref: refs/heads/main\n");
    const version = format === "sha1" ? 0 : 1;
    const extension = format === "sha1" ? "" : "[extensions]\n\tobjectformat = sha256\n";
    writeFileSync(
      join(folder, "config"),
      `[core]\n\trepositoryformatversion = ${version}\n\tbare = false\n${extension}`,
    );
  }

  put(path: string, content: string | Uint8Array): void {
    this.#files.set(path, { mode: "100644", hash: this.#write("blob", Buffer.from(content)) });
  }

  link(path: string, target: string): void {
    this.#files.set(path, { mode: "120000", hash: this.#write("blob", Buffer.from(target)) });
  }

  /** A file, or a folder with all that is in it. */
  remove(path: string): void {
    for (const known of this.#files.keys()) {
      if (known === path || known.startsWith(`${path}/`)) this.#files.delete(known);
    }
  }

  /** Commits all files to the branch that is checked out; gives the commit's hash. `who` is a name, an address and a time. */
  commit(message: string, who: string): string {
    const branch = /^ref: (\S+)\n$/.exec(readFileSync(join(this.#folder, "HEAD"), "utf8"))?.[1];
    if (branch === undefined) throw new Error(`${this.#folder}: no branch is checked out`);
    const file = join(this.#folder, branch);
    const parent = existsSync(file) ? `parent ${readFileSync(file, "utf8").trim()}\n` : "";
    const tree = this.#tree("");
    const text = `tree ${tree}\n${parent}author ${who}\ncommitter ${who}\n\n${message.trimEnd()}\n`;
    const hash = this.#write("commit", Buffer.from(text));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${hash}\n`);
    return hash;
  }

  /** The tree of the files below `prefix`, which is empty or ends in a slash. */
  #tree(prefix: string): string {
    const entries = new Map<string, { readonly mode: string; readonly hash: string }>();
    for (const [path, entry] of this.#files) {
      if (!path.startsWith(prefix)) continue;
      const [name = "", ...below] = path.slice(prefix.length).split("/");
      // A folder's place among the others is that of its name with a slash.
      if (below.length === 0) entries.set(name, entry);
      else if (!entries.has(`${name}/`))
        entries.set(`${name}/`, { mode: "40000", hash: this.#tree(`${prefix}${name}/`) });
    }
    const sorted = [...entries].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const lines = sorted.map(([name, { mode, hash }]) =>
      Buffer.concat([Buffer.from(`${mode} ${name.replace(/\/$/, "")}\0`), Buffer.from(hash, "hex")]),
    );
    return this.#write("tree", Buffer.concat(lines));
  }

  #write(type: "blob" | "tree" | "commit", content: Buffer): string {
    const object = Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]);
    const hash = createHash(this.#format).update(object).digest("hex");
    const file = join(this.#folder, "objects", hash.slice(0, 2), hash.slice(2));
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, deflateSync(object, { level: 1 }), { mode: 0o444 });
    }
    return hash;
  }
}
