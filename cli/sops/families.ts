import type { GoFlag } from "../go-flag.ts";
import type { Io } from "../io.ts";
import type { Action } from "./call/failure.ts";
import { CONFIG_CHECK_FLAGS, GROUPS_ADD_FLAGS, GROUPS_DELETE_FLAGS, type SopsFlags } from "./call/flags.ts";
import { COMPLETION_HELP, runCompletion } from "./completion.ts";
import { CONFIG_HELP, GROUPS_ADD_HELP, GROUPS_DELETE_HELP, GROUPS_HELP } from "./help/family-help.ts";

/** One command of the personality. */
export interface Subcommand {
  readonly flags: readonly GoFlag[];
  readonly help: string;
  /** What it does to a file, for the exit codes. */
  readonly action: Action;
  readonly run: (io: Io, flags: SopsFlags, useLocalKeys: boolean) => Promise<number>;
  /** How a wrong command line ends, where 1 says something else. */
  readonly badUsage?: number;
}

/** A word that needs another one behind it. */
export interface Family {
  readonly help: string;
  /** The original has no such word, and takes it for a file to edit: so it is one, without a word of ours behind it. */
  readonly isOurs?: boolean;
  readonly members: ReadonlyMap<string, Subcommand>;
}

const shell = (name: "bash" | "zsh" | "fish"): readonly [string, Subcommand] => [
  name,
  { flags: [], help: COMPLETION_HELP, action: "decrypt", run: (io) => runCompletion(io, name) },
];

export const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  [
    "groups",
    {
      help: GROUPS_HELP,
      members: new Map<string, Subcommand>([
        [
          "add",
          {
            flags: GROUPS_ADD_FLAGS,
            help: GROUPS_ADD_HELP,
            action: "groups",
            run: async (...given) => await (await import("./change/groups.ts")).runGroupsAdd(...given),
          },
        ],
        [
          "delete",
          {
            flags: GROUPS_DELETE_FLAGS,
            help: GROUPS_DELETE_HELP,
            action: "groups",
            run: async (...given) => await (await import("./change/groups.ts")).runGroupsDelete(...given),
          },
        ],
      ]),
    },
  ],
  [
    "config",
    {
      help: CONFIG_HELP,
      isOurs: true,
      members: new Map<string, Subcommand>([
        [
          "check",
          {
            flags: CONFIG_CHECK_FLAGS,
            help: CONFIG_HELP,
            action: "decrypt",
            run: async (io, flags) => await (await import("./config/config-check.ts")).runConfigCheck(io, flags),
          },
        ],
      ]),
    },
  ],
  ["completion", { help: COMPLETION_HELP, members: new Map([shell("bash"), shell("zsh"), shell("fish")]) }],
]);
