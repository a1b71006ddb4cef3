import { GitError, type GitErrorCode } from "./errors.ts";
import type { GitUrl } from "./url.ts";

/**
 * What git prints (in the C locale) for the failures that need different remedies. Git has no other way to tell them:
 * nearly all of them exit with 128.
 */
const SIGNS: readonly { readonly pattern: RegExp; readonly code: GitErrorCode; readonly state: string }[] = [
  {
    pattern: /host key verification failed|host key is known|host key has changed|remote host identification/i,
    code: "GIT_HOST_UNKNOWN",
    state: "the host's key is not among the known hosts",
  },
  {
    pattern:
      /returned error: 40[13]|authentication failed|could not read (?:username|password)|permission denied|terminal prompts disabled/i,
    code: "GIT_AUTH_FAILED",
    state: "the credentials are missing or were refused",
  },
  {
    pattern: /returned error: 30[1278]|unable to update url base from redirection/i,
    code: "GIT_REDIRECT_REFUSED",
    state: "the server redirects elsewhere",
  },
  {
    pattern: /couldn't find remote ref|not our ref|unadvertised object|remote ref .* not found/i,
    code: "GIT_REF_NOT_FOUND",
    state: "the reference is not there",
  },
  {
    pattern:
      /fsck error|missing (?:blob|tree|commit)|bad object|index-pack failed|invalid index-pack output|unpack-objects|bad pack header/i,
    code: "GIT_BAD_OBJECT",
    state: "it sent objects that are damaged or not allowed",
  },
];

const HINTS: Partial<Readonly<Record<GitErrorCode, string>>> = {
  GIT_HOST_UNKNOWN:
    'add the host\'s key to "known_hosts" in the Secret: ssh-keyscan HOST (then compare the fingerprint)',
  GIT_AUTH_FAILED: "check the Secret in spec.secretRef, and that it may read this repository",
  GIT_REDIRECT_REFUSED: "set spec.url to the address that the server redirects to",
  GIT_BAD_OBJECT: "run git fsck --strict in the repository",
};

/** Turns the end of a git process that talked to `url` into an error. `said` must be presentable. */
export function gitFailure(url: GitUrl, exitCode: number, said: string): GitError {
  const sign = SIGNS.find(({ pattern }) => pattern.test(said));
  const code = sign?.code ?? (NO_CONTACT.test(said) ? "GIT_UNREACHABLE" : "GIT_FAILED");
  const state = sign?.state ?? (code === "GIT_UNREACHABLE" ? "it cannot be reached" : `git exited with ${exitCode}`);
  const hint = HINTS[code];
  return new GitError(code, `Cannot read repository "${url.text}": ${state}`, {
    details: said === "" ? [] : [`git: ${said}`],
    hints: hint === undefined ? [] : [hint],
  });
}

const NO_CONTACT =
  /could not resolve|unable to access|failed to connect|connection (?:refused|reset|timed out|closed)|could not read from remote|not found|early eof|hung up|does not (?:exist|appear to be a git repository)/i;
