import { decodeBase64Go } from "../bytes/base64.ts";
import { askCredentialHelper } from "./credential-helper.ts";
import { OciError } from "./errors.ts";
import { fieldOf, parseJson, textOf } from "./json.ts";
import type { CredentialHelper, RegistryLogin } from "./ports.ts";

export interface DockerConfig {
  /** The text of the file. */
  readonly text: string;
  /** How it is called, for errors. */
  readonly file: string;
  /** Starts the programs that keep logins; without it a login that such a program keeps is refused. */
  readonly helper?: CredentialHelper | undefined;
}

/** The registry of Docker has a name of its own in logins. */
const DOCKER_HUB = /^(registry-1\.|index\.)?docker\.io$/;

/**
 * The login for a registry by a configuration file as `docker login` writes it; undefined when it has none for that. A
 * program named for this registry (`credHelpers`) is asked first, then the one named for all (`credsStore`), then the
 * file itself.
 *
 * Source: Docker's config.json: `auths`, `credsStore`, `credHelpers`.
 *
 * @throws {OciError} `OCI_CREDENTIALS` for a file that cannot be read, or a program that does not answer as it should.
 */
export async function loginFor(registry: string, config: DockerConfig): Promise<RegistryLogin | undefined> {
  const { text, file } = config;
  const root = parseJson(new TextEncoder().encode(text));
  if (root === undefined) throw unusable(file, "it is no JSON");
  const names = namesOf(registry);
  const auths = fieldOf(root, "auths");
  const entry = names.map((name) => fieldOf(auths, name)).find((value) => value !== undefined);
  const helpers = fieldOf(root, "credHelpers");
  const [own] = names.flatMap((name) => textOf(helpers, name) ?? []);
  const program = own ?? textOf(root, "credsStore");
  if (program !== undefined) {
    const kept = await askCredentialHelper(program, serverName(registry), config.helper);
    if (kept.kind === "login") return kept.login;
    // A program for all registries that is not there matters only to those that somebody logged in to.
    if (kept.kind === "failed" && (own !== undefined || entry !== undefined)) {
      throw unusable(file, `it leaves the login for ${registry} to a program, and ${kept.problem}`);
    }
  }
  return entry === undefined ? undefined : loginIn(entry, registry, file);
}

function namesOf(registry: string): readonly string[] {
  const hub = DOCKER_HUB.test(registry) ? ["https://index.docker.io/v1/", "docker.io", "index.docker.io"] : [];
  return [
    ...hub,
    registry,
    ...["", "/", "/v1/", "/v2/"].map((path) => `https://${registry}${path}`),
    `http://${registry}`,
  ];
}

function serverName(registry: string): string {
  return DOCKER_HUB.test(registry) ? "https://index.docker.io/v1/" : registry;
}

/** The login in an entry; an empty entry, as is left where a program keeps it, is none. */
function loginIn(entry: unknown, registry: string, file: string): RegistryLogin | undefined {
  const registryToken = textOf(entry, "registrytoken");
  if (registryToken !== undefined) return { kind: "registry token", token: registryToken };
  const identityToken = textOf(entry, "identitytoken");
  if (identityToken !== undefined) return { kind: "identity token", token: identityToken };
  const username = textOf(entry, "username");
  const password = textOf(entry, "password");
  if (username !== undefined && password !== undefined) return { kind: "password", username, password };
  const auth = textOf(entry, "auth");
  if (auth === undefined) return undefined;
  const { bytes } = decodeBase64Go(auth);
  const text = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  const colon = text.indexOf(":");
  if (colon <= 0) throw unusable(file, `what it holds for ${registry} is no login`);
  return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}

function unusable(file: string, why: string): OciError {
  return new OciError("OCI_CREDENTIALS", `Cannot use the logins of "${file}": ${why}`, {
    hints: [
      "name a file with a plain login: docker --config FOLDER login REGISTRY, then --registry-config FOLDER/config.json",
    ],
  });
}
