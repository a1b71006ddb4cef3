import { type GoFlag, type GoFlagProblem, type GoFlags, parseGoFlags } from "../../go-flag.ts";

const text = (...names: string[]): GoFlag => ({ names, kind: "text" });
const int = (...names: string[]): GoFlag => ({ names, kind: "int" });
const bool = (...names: string[]): GoFlag => ({ names, kind: "bool" });

const KEYS: readonly GoFlag[] = [
  text("kms", "k"),
  text("aws-profile"),
  text("gcp-kms"),
  text("hckms"),
  text("azure-kv"),
  text("hc-vault-transit"),
  text("pgp", "p"),
  text("age", "a"),
];

const SELECTORS: readonly GoFlag[] = [
  text("unencrypted-suffix"),
  text("encrypted-suffix"),
  text("unencrypted-regex"),
  text("encrypted-regex"),
];

/** Only the old form without a subcommand takes them from the command line. */
const COMMENT_SELECTORS: readonly GoFlag[] = [text("unencrypted-comment-regex"), text("encrypted-comment-regex")];

const FILES: readonly GoFlag[] = [
  bool("in-place", "i"),
  text("output"),
  text("input-type"),
  text("output-type"),
  text("filename-override"),
];

const SERVICES: readonly GoFlag[] = [bool("enable-local-keyservice"), { names: ["keyservice"], kind: "list" }];

/** Ours: what the original lets pass with a warning is refused. */
const STRICT = bool("strict");

/** Ours: the layout of the text stays, where the original prints it anew. */
const PRESERVE = bool("preserve");

export const ENCRYPT_FLAGS: readonly GoFlag[] = [
  ...FILES,
  ...KEYS,
  ...SELECTORS,
  text("encryption-context"),
  int("shamir-secret-sharing-threshold"),
  ...SERVICES,
  PRESERVE,
  STRICT,
];

export const DECRYPT_FLAGS: readonly GoFlag[] = [
  ...FILES,
  text("extract"),
  bool("ignore-mac"),
  text("decryption-order"),
  ...SERVICES,
  PRESERVE,
  STRICT,
];

/** Flags of `rotate` that change the keys of a file. */
export const ROTATE_KEYS: readonly string[] = [
  "kms",
  "gcp-kms",
  "hckms",
  "azure-kv",
  "hc-vault-transit",
  "pgp",
  "age",
].flatMap((service) => [`add-${service}`, `rm-${service}`]);

export const ROTATE_FLAGS: readonly GoFlag[] = [
  ...FILES,
  ...ROTATE_KEYS.map((name) => text(name)),
  text("encryption-context"),
  text("decryption-order"),
  ...SERVICES,
  PRESERVE,
  STRICT,
];

export const UPDATEKEYS_FLAGS: readonly GoFlag[] = [bool("yes", "y"), text("input-type"), ...SERVICES, STRICT];

export const FILESTATUS_FLAGS: readonly GoFlag[] = [text("input-type"), STRICT];

export const UNSET_FLAGS: readonly GoFlag[] = [
  text("input-type"),
  text("output-type"),
  int("shamir-secret-sharing-threshold"),
  bool("ignore-mac"),
  text("decryption-order"),
  bool("idempotent"),
  ...SERVICES,
  PRESERVE,
  STRICT,
];

export const SET_FLAGS: readonly GoFlag[] = [...UNSET_FLAGS, bool("value-file"), bool("value-stdin")];

export const EDIT_FLAGS: readonly GoFlag[] = [
  ...KEYS,
  text("input-type"),
  text("output-type"),
  ...SELECTORS,
  text("encryption-context"),
  int("shamir-secret-sharing-threshold"),
  bool("show-master-keys", "s"),
  bool("ignore-mac"),
  text("decryption-order"),
  ...SERVICES,
  PRESERVE,
  STRICT,
];

/** Flags that say how a new file is encrypted. */
export const NEW_FILE_FLAGS: readonly string[] = [
  ...[...KEYS, ...SELECTORS, ...COMMENT_SELECTORS].flatMap(({ names: [name = ""] }) => name),
  "encryption-context",
  "shamir-secret-sharing-threshold",
];

export const EXEC_ENV_FLAGS: readonly GoFlag[] = [
  bool("background"),
  bool("pristine"),
  text("user"),
  bool("same-process"),
  text("decryption-order"),
  ...SERVICES,
  STRICT,
];

export const DIFF_FLAGS: readonly GoFlag[] = [
  bool("show-values"),
  bool("without-keys"),
  bool("ignore-mac"),
  text("format"),
  text("input-type"),
  text("decryption-order"),
  ...SERVICES,
  STRICT,
];

export const TEXTCONV_FLAGS: readonly GoFlag[] = [
  bool("show-values"),
  text("input-type"),
  text("decryption-order"),
  ...SERVICES,
  STRICT,
];

export const MERGE_FLAGS: readonly GoFlag[] = [
  text("path"),
  text("marker-size"),
  text("resolve"),
  text("input-type"),
  text("decryption-order"),
  ...SERVICES,
  STRICT,
];

export const PUBLISH_FLAGS: readonly GoFlag[] = [
  bool("yes", "y"),
  bool("omit-extensions"),
  bool("recursive"),
  bool("verbose"),
  text("decryption-order"),
  ...SERVICES,
  STRICT,
];

export const KEYSERVICE_FLAGS: readonly GoFlag[] = [
  text("network", "net"),
  text("address", "addr"),
  bool("prompt"),
  bool("verbose"),
  STRICT,
];

export const EXEC_FILE_FLAGS: readonly GoFlag[] = [
  bool("background"),
  bool("no-fifo"),
  text("user"),
  text("input-type"),
  text("output-type"),
  text("filename"),
  text("decryption-order"),
  ...SERVICES,
  STRICT,
];

export const GROUPS_DELETE_FLAGS: readonly GoFlag[] = [
  text("file", "f"),
  bool("in-place", "i"),
  int("shamir-secret-sharing-threshold"),
  ...SERVICES,
  STRICT,
];

export const GROUPS_ADD_FLAGS: readonly GoFlag[] = [
  ...GROUPS_DELETE_FLAGS,
  ...KEYS.map(({ names: [name = ""] }): GoFlag => ({ names: [name], kind: name === "aws-profile" ? "text" : "list" })),
  text("encryption-context"),
];

export const CONFIG_CHECK_FLAGS: readonly GoFlag[] = [text("config"), text("format"), STRICT];

/** Flags before a subcommand that reach it. */
export const GLOBAL_FLAGS: readonly string[] = ["config", "indent", "mac-only-encrypted", "strict", "verbose"];

export const ROOT_FLAGS: readonly GoFlag[] = [
  bool("encrypt", "e"),
  bool("decrypt", "d"),
  bool("rotate", "r"),
  text("set"),
  text("config"),
  int("indent"),
  bool("mac-only-encrypted"),
  bool("verbose"),
  bool("version", "v"),
  bool("disable-version-check"),
  bool("check-for-updates"),
  bool("show-master-keys", "s"),
  bool("help", "h"),
  ...FILES,
  ...KEYS,
  ...SELECTORS,
  ...COMMENT_SELECTORS,
  ...ROTATE_KEYS.map((name) => text(name)),
  text("encryption-context"),
  int("shamir-secret-sharing-threshold"),
  text("extract"),
  bool("ignore-mac"),
  text("decryption-order"),
  ...SERVICES,
  PRESERVE,
  STRICT,
];

/** The flags of one call. Those that were given before the subcommand count where the original lets them. */
export interface SopsFlags {
  has(name: string): boolean;
  /** The last value given, `""` when there is none. */
  text(name: string): string;
  texts(name: string): readonly string[];
  /** All that were given, by name; a bool has the text `true`. Plain data. */
  readonly given: GivenFlags;
  /** The words that are no flags, and all after the first of them. */
  readonly args: readonly string[];
}

/** The texts of each flag, by its name. */
export type GivenFlags = ReadonlyMap<string, readonly string[]>;

export function sopsFlags({ given, args }: Pick<GoFlags, "given" | "args">): SopsFlags {
  const texts = (name: string) => given.get(name) ?? [];
  return { has: (name) => texts(name).length > 0, text: (name) => texts(name).at(-1) ?? "", texts, given, args };
}

/** The flags of a subcommand, with the global ones that stand before it. */
export function withGlobals(own: SopsFlags, root: SopsFlags): SopsFlags {
  const given = new Map(own.given);
  for (const name of GLOBAL_FLAGS) if (!own.has(name)) given.set(name, root.texts(name));
  return sopsFlags({ given, args: own.args });
}

/**
 * Reads the words after a subcommand. Known flags are taken to the front first, each with the word behind it unless that
 * is a flag or the flag has its value: so flags may stand behind the file, and a word behind a boolean flag moves too.
 */
export function parseSubcommand(flags: readonly GoFlag[], words: readonly string[]): GoFlags | GoFlagProblem {
  return parseGoFlags(flags, flagsFirst(flags, words));
}

function flagsFirst(flags: readonly GoFlag[], words: readonly string[]): string[] {
  const names = new Set(flags.flatMap((flag) => flag.names));
  const front: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      rest.push(...words.slice(at));
      break;
    }
    if (!isKnownFlag(word, names)) {
      rest.push(word);
      continue;
    }
    front.push(word);
    const next = words[at + 1];
    if (next !== undefined && !next.startsWith("-") && !word.includes("=")) {
      front.push(next);
      at++;
    }
  }
  return [...front, ...rest];
}

function isKnownFlag(word: string, names: ReadonlySet<string>): boolean {
  if (!word.startsWith("-")) return false;
  const [name = ""] = word.replace(/^--?/, "").split("=", 1);
  return names.has(name);
}
