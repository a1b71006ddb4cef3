import type { ProgramEnd } from "../../run-program-adapter.ts";

/** The names that Go gives to signals. */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};

const START_STATES: Readonly<Record<string, string>> = {
  E2BIG: "argument list too long",
  EACCES: "permission denied",
  EAGAIN: "resource temporarily unavailable",
  ENOENT: "no such file or directory",
  ENOEXEC: "exec format error",
  ENOTDIR: "not a directory",
  EPERM: "operation not permitted",
};

/** What Go says about the end of a program; undefined for success. */
export function endMessage(end: ProgramEnd, program: string): string | undefined {
  switch (end.kind) {
    case "exited":
      return end.status === 0 ? undefined : `exit status ${end.status}`;
    case "killed":
      return `signal: ${SIGNAL_NAMES[end.signal] ?? end.signal}`;
    case "not started":
      if (end.code === "ENOENT" && !program.includes("/")) {
        return `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
      }
      return `fork/exec ${program}: ${START_STATES[end.code] ?? end.code}`;
  }
}
