import { decodeUtf8 } from "../../../bytes/utf8.ts";
import type { KmsPorts } from "../../ports.ts";

/** The sections of the shared config and credentials files, by what they are called. Names of settings are in lower case. */
export interface SharedFiles {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly ssoSessions: ReadonlyMap<string, Settings>;
  readonly services: ReadonlyMap<string, Settings>;
  /** As people know them: `~/.aws/config`. */
  readonly shownPaths: string;
}

/** Settings by name; those that stand indented below another one have both names, joined by a dot. */
export type Settings = ReadonlyMap<string, string>;
export type Profile = Settings;

type Sections = Map<string, Map<string, string>>;

/**
 * Reads `~/.aws/config` and `~/.aws/credentials`, or the files that `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`
 * name. What stands in both is taken from the credentials file.
 *
 * Source: the AWS SDK reference guide, "Shared config and credentials files".
 */
export async function readSharedFiles(ports: Pick<KmsPorts, "env" | "readFile" | "home">): Promise<SharedFiles> {
  const configPath = ports.env("AWS_CONFIG_FILE") ?? `${ports.home}/.aws/config`;
  const credentialsPath = ports.env("AWS_SHARED_CREDENTIALS_FILE") ?? `${ports.home}/.aws/credentials`;
  const [config, credentials] = await Promise.all(
    [configPath, credentialsPath].map((path) => readSections(ports, path)),
  );
  const profiles: Sections = new Map();
  const ssoSessions: Sections = new Map();
  const services: Sections = new Map();
  for (const [title, settings] of config ?? []) {
    const [kind, name] = splitTitle(title);
    if (kind === "sso-session") ssoSessions.set(name, settings);
    else if (kind === "services") services.set(name, settings);
    else if (kind === "profile" || name === "default") profiles.set(name, settings);
  }
  for (const [name, settings] of credentials ?? []) {
    profiles.set(name, new Map([...(profiles.get(name) ?? []), ...settings]));
  }
  const shownPaths = [configPath, credentialsPath].map((path) => shown(path, ports.home)).join(", ");
  return { profiles, ssoSessions, services, shownPaths };
}

function shown(path: string, home: string): string {
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function splitTitle(title: string): [kind: string, name: string] {
  const match = /^(profile|sso-session|services)[ \t]+(.+)$/.exec(title);
  return match === null ? ["", title] : [match[1] ?? "", unquote(match[2] ?? "")];
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

async function readSections({ readFile }: Pick<KmsPorts, "readFile">, path: string): Promise<Sections> {
  const bytes = await readFile(path);
  return parseSections(bytes === undefined ? "" : (decodeUtf8(bytes) ?? ""));
}

/** `[title]`, `name = value`, `#` and `;` for comments; a line that is indented belongs to the setting above it. */
export function parseSections(text: string): Sections {
  const sections: Sections = new Map();
  let current: Map<string, string> | undefined;
  let above = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const title = /^\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (title !== undefined) {
      current = sections.get(title) ?? new Map();
      sections.set(title, current);
      above = "";
      continue;
    }
    const at = line.indexOf("=");
    if (current === undefined || at < 0) continue;
    const name = line.slice(0, at).trim().toLowerCase();
    const value = line
      .slice(at + 1)
      .replace(/[ \t][#;].*$/, "")
      .trim();
    if (/^\s/.test(line) && above !== "") {
      current.set(`${above}.${name}`, value);
    } else {
      current.set(name, value);
      above = value === "" ? name : "";
    }
  }
  return sections;
}
