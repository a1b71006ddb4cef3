/** How a command of ours ends. Personalities keep the codes of the tool they stand in for. */
export const EXIT = {
  ok: 0,
  /** The command ran and could not do what was asked, or found what it was asked to look for. */
  failed: 1,
  /** The command line itself is wrong: nothing was done. */
  usage: 2,
  /** Ended by SIGINT (128 + 2). */
  interrupted: 130,
  /** The reader of stdout went away (128 + SIGPIPE). */
  brokenPipe: 141,
} as const;
