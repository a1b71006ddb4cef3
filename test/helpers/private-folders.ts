import { createHash } from "node:crypto";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";

/** Private folders that commands made for files of `folder` and left behind. */
export function leftBehind(folder: string, names: readonly string[]): string[] {
  const real = existsSync(folder) ? realpathSync(folder) : folder;
  const marks = names.flatMap((name) => {
    return [`${real}/${name}`, `exec-file ${real}/${name}`].map((subject) =>
      createHash("sha256").update(subject).digest("hex").slice(0, 16),
    );
  });
  return ["/dev/shm", tmpdir()]
    .filter((place) => existsSync(place))
    .flatMap((place) => readdirSync(place))
    .filter((name) => name.startsWith("sealkit-") && marks.some((mark) => name.includes(`-${mark}-`)));
}
