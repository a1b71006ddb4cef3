import { Buffer } from "node:buffer";
import type { GitCredentials } from "./credentials.ts";
import type { GitUrl } from "./url.ts";

/** Where the private files of one connection were written. */
export interface PrivateFiles {
  readonly emptyHome: string;
  readonly ca: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly sshConfig: string | undefined;
}

/** Variables that a person uses to reach the network at all; nothing else of the caller's environment gets through. */
const PASSED_ON = [
  "PATH",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
];

/**
 * The whole environment of a git process that talks to `url`.
 *
 * Configuration travels in the environment, not in arguments: arguments are visible to every user of the machine.
 * Redirects are not followed, because git repeats its headers to wherever it was sent.
 */
export function gitEnvironment(
  files: PrivateFiles,
  credentials: GitCredentials,
  outer: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const environment: Record<string, string> = {
    HOME: files.emptyHome,
    XDG_CONFIG_HOME: files.emptyHome,
    TMPDIR: files.emptyHome,
    LC_ALL: "C",
    TZ: "UTC",
    // Git runs in the empty home, and must not find a repository above it.
    GIT_CEILING_DIRECTORIES: files.emptyHome.replace(/\/[^/]*$/, ""),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "",
    SSH_ASKPASS: "",
    SSH_ASKPASS_REQUIRE: "never",
    GIT_ALLOW_PROTOCOL: "https:http:ssh",
    GIT_PROTOCOL_FROM_USER: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_SSH_VARIANT: "ssh",
    // Without known hosts there is no way to ssh at all: this program does not exist.
    GIT_SSH_COMMAND: files.sshConfig === undefined ? "/nonexistent/ssh" : `ssh -F ${shellQuoted(files.sshConfig)}`,
  };
  for (const name of PASSED_ON) {
    const value = outer[name];
    if (value !== undefined) environment[name] = value;
  }
  const settings = gitSettings(files, credentials);
  environment["GIT_CONFIG_COUNT"] = String(settings.length);
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

/** Git hands this command to a shell. The path is our own temporary file; its folder may be named in any way. */
function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

function gitSettings(files: PrivateFiles, credentials: GitCredentials): readonly (readonly [string, string])[] {
  const settings: [string, string][] = [
    ["protocol.allow", "never"],
    ["protocol.https.allow", "always"],
    ["protocol.http.allow", "always"],
    ["protocol.ssh.allow", "always"],
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["core.askPass", ""],
    ["credential.helper", ""],
    ["transfer.fsckObjects", "true"],
    ["fetch.fsckObjects", "true"],
    ["transfer.bundleURI", "false"],
    ["fetch.recurseSubmodules", "false"],
    ["submodule.recurse", "false"],
    ["http.followRedirects", "false"],
    ["http.saveCookies", "false"],
    ["http.lowSpeedLimit", "200"],
    ["http.lowSpeedTime", "30"],
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    ["pack.threads", "1"],
    ["core.symlinks", "false"],
  ];
  const { login } = credentials;
  if (login?.kind === "basic" || login?.kind === "bearer") {
    settings.push(["http.extraHeader", `Authorization: ${authorization(login)}`]);
  }
  if (files.ca !== undefined) settings.push(["http.sslCAInfo", files.ca]);
  if (files.clientCertificate !== undefined) settings.push(["http.sslCert", files.clientCertificate]);
  if (files.clientKey !== undefined) settings.push(["http.sslKey", files.clientKey]);
  return settings;
}

/** The value of the `Authorization` header. */
export function authorization(login: NonNullable<GitCredentials["login"]>): string | undefined {
  switch (login.kind) {
    case "basic":
      return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
    case "bearer":
      return `Bearer ${login.token}`;
    case "ssh":
      return undefined;
  }
}

/** An ssh configuration that trusts the given hosts and nothing else, asks nobody, and forwards nothing. */
export function sshConfiguration(paths: { readonly identity: string; readonly knownHosts: string }): string {
  return [
    "Host *",
    "BatchMode yes",
    "StrictHostKeyChecking yes",
    `UserKnownHostsFile "${paths.knownHosts}"`,
    "GlobalKnownHostsFile /dev/null",
    "UpdateHostKeys no",
    "VerifyHostKeyDNS no",
    `IdentityFile "${paths.identity}"`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "PreferredAuthentications publickey",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "ForwardAgent no",
    "ForwardX11 no",
    "ClearAllForwardings yes",
    "PermitLocalCommand no",
    "ProxyCommand none",
    "ControlMaster no",
    "ControlPath none",
    "ConnectTimeout 20",
    "ServerAliveInterval 10",
    "ServerAliveCountMax 3",
    "LogLevel ERROR",
    "",
  ].join("\n");
}

/** Every form in which a secret could come back in an answer: as given, and as it was sent. */
export function secretForms({ login, tls }: GitCredentials): readonly string[] {
  const forms: string[] = [];
  if (login?.kind === "basic")
    forms.push(login.password, login.username, authorization(login)?.slice("Basic ".length) ?? "");
  if (login?.kind === "bearer") forms.push(login.token);
  if (login?.kind === "ssh") forms.push(...login.identity.split("\n").filter((line) => line.length > 20));
  if (tls?.client !== undefined) forms.push(...tls.client.key.split("\n").filter((line) => line.length > 20));
  return forms.filter((form) => form.length >= 4).sort((left, right) => right.length - left.length);
}

/** What the far end or git said, fit to be shown: masked, one line, no control characters, not long. */
export function presentable(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) shown = shown.replaceAll(secret, "***");
  const line = shown
    .split(/[\r\n]+/)
    .map((part) => part.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, " ").trim())
    .filter((part) => part !== "" && !part.startsWith("hint:"))
    .join("; ");
  return line.length <= 400 ? line : `${line.slice(0, 397)}...`;
}

/** Whether `target` is where credentials meant for `origin` may go: the same host and port, never a weaker scheme. */
export function sameOrigin(origin: GitUrl, target: URL): boolean {
  const from = new URL(origin.text);
  if (from.protocol === target.protocol) return from.host === target.host;
  return from.protocol === "http:" && target.protocol === "https:" && from.hostname === target.hostname;
}
