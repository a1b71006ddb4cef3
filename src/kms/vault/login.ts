import { ClearText } from "../../clear-text.ts";
import { KeyServiceError } from "../../sops/index.ts";
import { textField } from "../http/message.ts";
import type { KmsPorts } from "../ports.ts";
import { pathProblem, shownServer } from "./location.ts";
import { askVault } from "./request.ts";
import { isPrintable, type VaultSettings } from "./settings.ts";
import type { VaultLogin } from "./transit.ts";

export interface KubernetesLogin {
  /** The role of the server's Kubernetes auth method. */
  readonly role: string;
  /** The path behind `/v1/` that takes the login: `auth/kubernetes/login`. */
  readonly loginPath: (server: URL) => string;
  /** A token of the service account, for this server as its audience. */
  readonly jwt: (server: URL) => Promise<ClearText>;
}

/** Logs in with a Kubernetes service account; the token is used again for as long as the server lets it live. */
export function kubernetesLogin(ports: KmsPorts, login: KubernetesLogin): VaultLogin {
  const sessions = new Map<string, Session>();
  return async (server, settings) => {
    const address = shownServer(server);
    const known = sessions.get(address);
    if (known !== undefined && ports.now().getTime() < known.untilMs) return known.token;
    const session = await openSession(ports, login, { server, settings });
    sessions.set(address, session);
    return session.token;
  };
}

interface Session {
  readonly token: ClearText;
  readonly untilMs: number;
}

async function openSession(
  ports: KmsPorts,
  { role, loginPath, jwt }: KubernetesLogin,
  { server, settings }: { readonly server: URL; readonly settings: VaultSettings },
): Promise<Session> {
  const path = loginPath(server).replace(/^\/+|\/+$/g, "");
  const malformed = pathProblem(path);
  if (malformed !== undefined)
    throw failure("KEY_SERVICE_BAD_SETTINGS", server, `the login path is malformed: ${malformed}`);
  const proof = (await jwt(server)).revealText();
  const body = { role, jwt: proof };
  const answer = await askVault(ports, settings, {
    method: "POST",
    server,
    path,
    body,
    token: undefined,
    secrets: [proof],
  });
  if (answer.kind === "refusal") throw failure(answer.code, server, answer.state);
  const auth = answer.body["auth"];
  const token = textField(auth, "client_token");
  if (token === undefined || !isPrintable(token)) {
    throw failure("KEY_SERVICE_BAD_ANSWER", server, "its answer has no token");
  }
  return { token: ClearText.fromText(token), untilMs: ports.now().getTime() + lifetimeMs(auth) };
}

const MAX_LIFETIME_MS = 3_600_000;

/** Nine tenths of what the server grants: a token must not end on its way. No grant, no second use. */
function lifetimeMs(auth: unknown): number {
  const seconds = typeof auth === "object" && auth !== null && "lease_duration" in auth ? auth.lease_duration : 0;
  if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds <= 0) return 0;
  return Math.min(MAX_LIFETIME_MS, seconds * 900);
}

function failure(code: KeyServiceError["code"], server: URL, state: string): KeyServiceError {
  return new KeyServiceError(code, `Cannot log in to HashiCorp Vault at ${shownServer(server)}: ${state}`, {
    hints: ["check the role and the Kubernetes auth method of the server"],
    original: `failed to log in to Vault: ${state}`,
  });
}
