import { spawn } from "node:child_process";
import type { CredentialHelper } from "../../src/oci/index.ts";
import { spawned } from "../../src/spawned.ts";
import { errno } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { absolutePathOnly } from "../program-path.ts";

/** It may ask a person for something. */
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;

type Outcome = Awaited<ReturnType<CredentialHelper>>;

/** Starts programs that keep logins to registries. No shell; what they print is never shown. */
export function credentialHelper(io: Io, { timeoutMs = TIMEOUT_MS } = {}): CredentialHelper {
  return async (name, server) => {
    const program = `docker-credential-${name}`;
    const child = spawned(() =>
      spawn(program, ["get"], { cwd: io.cwd, env: absolutePathOnly(io.env), stdio: ["pipe", "pipe", "ignore"] }),
    );
    if (child instanceof Error) return { kind: "failed", problem: `${program} cannot be started: ${child.code}` };
    const parts: Buffer[] = [];
    let bytes = 0;
    return await new Promise<Outcome>((done) => {
      const end = (outcome: Outcome) => {
        clearTimeout(timer);
        io.signal.removeEventListener("abort", stop);
        done(outcome);
      };
      // What it has started itself may hold its output open: nobody waits for that.
      const give = (problem: string) => {
        child.kill("SIGKILL");
        child.stdout.destroy();
        end({ kind: "failed", problem: `${program} ${problem}` });
      };
      const stop = () => give("was interrupted");
      const timer = setTimeout(() => give(`takes longer than ${timeoutMs / 1000} s`), timeoutMs);
      io.signal.addEventListener("abort", stop, { once: true });
      child.stdout.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > MAX_OUTPUT_BYTES) give("prints too much");
        else parts.push(part);
      });
      child.on("error", (error) => give(`cannot be started: ${errno(error) ?? "unknown"}`));
      child.on("close", (status, signal) => {
        if (status === null) give(`was ended by ${signal ?? "a signal"}`);
        else end({ kind: "ended", status, stdout: Buffer.concat(parts) });
      });
      // It may end without reading.
      child.stdin.on("error", () => undefined);
      child.stdin.end(`${server}\n`);
    });
  };
}
