import { readLocked, SopsError } from "../../src/sops/index.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { errorText } from "../run.ts";
import { SOPS_EXIT, SopsFailure } from "./call/failure.ts";
import { readNamed } from "./call/files-adapter.ts";
import type { SopsFlags } from "./call/flags.ts";
import { logLine } from "./call/log-line.ts";

/** `sealkit sops filestatus`: says as JSON whether a file is encrypted. Needs no key. Returns the exit code. */
export async function runFileStatus(io: Io, flags: SopsFlags): Promise<number> {
  const [path] = flags.args;
  if (path === undefined) throw new SopsFailure(SOPS_EXIT.noFile, "Error: no file specified");
  try {
    const encrypted = await isEncrypted(io, flags, path);
    await write(io.stdout, `${JSON.stringify({ encrypted })}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof SopsError) && !(error instanceof SopsFailure)) throw error;
    const reason = error instanceof SopsFailure ? error.message : (error.upstream ?? error.message);
    await write(io.stderr, logLine(io, "fatal", `${FAILED}${reason}`));
    if (error instanceof SopsError) await write(io.stderr, errorText(error, io));
    return SOPS_EXIT.generic;
  }
}

const FAILED = "cannot check file status: cannot load encrypted file: ";

/** A file without MAC or version counts as not encrypted. */
async function isEncrypted(io: Io, flags: SopsFlags, path: string): Promise<boolean> {
  const { bytes, inputFormat, name } = await readNamed(io, flags, path, path);
  try {
    const { metadata } = readLocked(bytes, inputFormat, { file: name, isLenient: !flags.has("strict") });
    return metadata.mac !== "";
  } catch (error) {
    if (!(error instanceof SopsError)) throw error;
    if (error.code === "SOPS_NO_METADATA" || error.upstream === "Version string empty") return false;
    throw error;
  }
}
