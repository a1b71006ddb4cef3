import type { ConnectionSettings, KmsPorts, TlsSettings } from "../ports.ts";
import { refused, type SettingProblem } from "./setting-problem.ts";

/**
 * The certificates that the variables of Vault name. Of those to trust the first counts: `VAULT_CACERT`,
 * `VAULT_CACERT_BYTES`, `VAULT_CAPATH`.
 */
export async function readTls(ports: KmsPorts): Promise<TlsSettings | SettingProblem> {
  const insecure = readBoolean(ports.env("VAULT_SKIP_VERIFY"));
  if (insecure === "invalid") {
    return refused("VAULT_SKIP_VERIFY", "it is neither true nor false", "could not parse VAULT_SKIP_VERIFY");
  }
  const [certificate, key] = [ports.env("VAULT_CLIENT_CERT"), ports.env("VAULT_CLIENT_KEY")];
  if ((certificate === undefined) !== (key === undefined)) {
    const variable = key === undefined ? "VAULT_CLIENT_CERT" : "VAULT_CLIENT_KEY";
    const reason = "both client cert and client key must be provided";
    return refused(variable, "a client certificate and its key go together", reason);
  }
  const read: { ca?: string; clientCertificate?: string; clientKey?: string } = {};
  for (const [name, variable] of CERTIFICATE_FILES) {
    const path = ports.env(variable);
    if (path === undefined) continue;
    const pem = await textOf(ports, path);
    const shown = JSON.stringify(path);
    if (pem === undefined) {
      return refused(variable, `the file ${shown} cannot be read`, `open ${path}: no such file or directory`);
    }
    if (!pem.includes("-----BEGIN")) return refused(variable, `the file ${shown} is no PEM`, "no certificates found");
    read[name] = pem;
  }
  const inline = ports.env("VAULT_CACERT_BYTES");
  if (read.ca === undefined && inline !== undefined) read.ca = inline;
  const folder = ports.env("VAULT_CAPATH");
  if (read.ca === undefined && folder !== undefined) {
    const certificates = await readFolder(ports, folder);
    if (typeof certificates === "object") return certificates;
    read.ca = certificates;
  }
  const serverName = ports.env("VAULT_TLS_SERVER_NAME");
  return {
    ...read,
    ...(serverName === undefined ? {} : { serverName }),
    ...(insecure === true ? { insecure: true } : {}),
  };
}

const CERTIFICATE_FILES = [
  ["ca", "VAULT_CACERT"],
  ["clientCertificate", "VAULT_CLIENT_CERT"],
  ["clientKey", "VAULT_CLIENT_KEY"],
] as const;

const MAX_FOLDER_CHARACTERS = 16 * 1024 * 1024;

/** All certificates of a folder and of those below it; each file has to be PEM. */
async function readFolder(ports: KmsPorts, folder: string): Promise<string | SettingProblem> {
  const variable = "VAULT_CAPATH";
  const shown = JSON.stringify(folder);
  const paths = (await ports.listFiles?.(folder)) ?? "missing";
  if (paths === "missing") {
    return refused(variable, `there is no ${shown}`, `lstat ${folder}: no such file or directory`);
  }
  if (paths === "too-many") return refused(variable, `${shown} has too many files to be a folder of certificates`, "");
  // No certificates at all would mean the usual ones.
  if (paths.length === 0) return refused(variable, `${shown} has no files`, "");
  let all = "";
  for (const path of paths) {
    const pem = (await textOf(ports, path)) ?? "";
    if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
      const original = `Error loading CA Path: Couldn't parse PEM in: ${path}`;
      return refused(variable, `the file ${JSON.stringify(path)} has no certificate in PEM`, original);
    }
    all += `${pem}\n`;
    if (all.length > MAX_FOLDER_CHARACTERS) return refused(variable, `${shown} has too much in it`, "");
  }
  return all;
}

/** Whether anything is asked for that the usual connections do not do. */
export function isSpecial(connection: ConnectionSettings): boolean {
  return Object.values(connection).some((value) => value !== undefined);
}

async function textOf(ports: KmsPorts, path: string): Promise<string | undefined> {
  const bytes = await ports.readFile(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function readBoolean(text: string | undefined): boolean | undefined | "invalid" {
  if (text === undefined) return undefined;
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(text) ? false : "invalid";
}
