import { ToolkitError } from "../errors.ts";
import { type SealedInFile, sealedInFile } from "../secrets/index.ts";
import { type Format, formatOfName, type LockedFile, mayBeEncrypted, readLocked } from "../sops/index.ts";
import { YamlError } from "../yaml/index.ts";
import type { RepositoryFile } from "./repository-file.ts";

/** What of a file is encrypted. */
export interface EncryptedFile {
  readonly file: RepositoryFile;
  readonly sealed: readonly SealedInFile[];
  /** The file as a whole, when SOPS encrypted it. */
  readonly sops: SopsFile | undefined;
  /** Why the file could not be read, although something encrypted seems to be in it. Never holds a value. */
  readonly problem: string | undefined;
}

export interface SopsFile {
  readonly format: Format;
  /** Undefined when its metadata cannot be read; then `problem` of the file says why. */
  readonly locked: LockedFile | undefined;
}

const MANIFEST = /\.(ya?ml|json)$/i;
/** `.env.production`, `app.env.enc`: names by which a format is guessed that the original has to be told. */
const ENVIRONMENT = /(^|[./])env(\.[^/]*)?$/;
const KIND = "SealedSecret";
/** What PowerShell makes of `kubeseal > FILE`, and the original's YAML reader takes. */
const UTF16_MARKS: ReadonlySet<number> = new Set([0xfffe, 0xfeff]);
const WIDE_KINDS: readonly Buffer[] = [Buffer.from(KIND, "utf16le"), Buffer.from(KIND, "utf16le").swap16()];
const CONFLICT = /^(<{7}|>{7}) /m;

/** Whether anything may be encrypted in a file. False is sure, true is worth a closer look. */
export function mayHoldEncrypted(file: Pick<RepositoryFile, "path" | "bytes">): boolean {
  return mayHoldSealed(file) || bufferOf(file.bytes).includes("ENC[AES256_GCM");
}

/** The same for SealedSecrets. */
export function mayHoldSealed({ path, bytes }: Pick<RepositoryFile, "path" | "bytes">): boolean {
  if (!MANIFEST.test(path)) return false;
  const text = bufferOf(bytes);
  const isWide = text.length > 1 && UTF16_MARKS.has(text.readUInt16BE(0));
  return text.includes(KIND) || (isWide && WIDE_KINDS.some((wide) => text.includes(wide)));
}

/** What is encrypted in a file; undefined when nothing is. Needs no key and never throws for what a file holds. */
export function findEncrypted(file: RepositoryFile): EncryptedFile | undefined {
  const text = bufferOf(file.bytes);
  const maySeal = mayHoldSealed(file);
  const format = text.includes("ENC[AES256_GCM") ? sopsFormat(file) : undefined;
  if (!maySeal && format === undefined) return undefined;
  try {
    const sealed = maySeal ? sealedInFile(file.bytes, file.path) : [];
    const sops =
      format === undefined ? undefined : { format, locked: readLocked(file.bytes, format, { file: file.path }) };
    return sealed.length === 0 && sops === undefined ? undefined : { file, sealed, sops, problem: undefined };
  } catch (cause) {
    if (!(cause instanceof ToolkitError)) throw cause;
    const problem = CONFLICT.test(text.toString("latin1")) ? "it has conflict markers of a merge" : reasonOf(cause);
    return { file, sealed: [], sops: format === undefined ? undefined : { format, locked: undefined }, problem };
  }
}

/** A page that only shows what an encrypted file looks like is none: content counts only where the name allows it. */
function sopsFormat({ path, bytes }: RepositoryFile): Format | undefined {
  const named = formatOfName(path);
  const formats: readonly Format[] = named === "binary" && ENVIRONMENT.test(path) ? ["binary", "dotenv"] : [named];
  return formats.find((format) => mayBeEncrypted(bytes, format));
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function reasonOf(cause: ToolkitError): string {
  return cause instanceof YamlError
    ? `line ${cause.at.line}, column ${cause.at.column}: ${cause.problem}`
    : [cause.message, ...cause.details].join(", ");
}
