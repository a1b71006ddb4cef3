import { shellWord } from "../../bytes/shell-word.ts";
import { ClearText } from "../../clear-text.ts";
import { jsonObject, textField } from "../http/message.ts";
import { serverWords } from "../http/server-words.ts";
import type { KmsPorts } from "../ports.ts";
import { type AccessToken, isBearerToken } from "../tokens/access-token.ts";
import type { Challenge } from "./challenge.ts";
import { type Absent, type AzureCredential, absent } from "./credentials.ts";

/** The login of the `az` command line; `tenant`: the one to ask for, when it is not that of the vault. */
export function azureCli(ports: KmsPorts, tenant: string | undefined): AzureCredential {
  return {
    name: "AzureCLICredential",
    async token(wanted) {
      const line = `az account get-access-token -o json --resource ${shellWord(wanted.resource)}${option("--tenant", tenant, wanted)}`;
      return await tokenOfProgram(ports, line, (body) => ({
        token: textField(body, "accessToken"),
        untilMs: Number(body["expires_on"]) * 1000,
      }));
    },
  };
}

/** The login of the developer command line `azd`. */
export function azureDeveloperCli(ports: KmsPorts, tenant: string | undefined): AzureCredential {
  return {
    name: "AzureDeveloperCLICredential",
    async token(wanted) {
      const scope = `azd auth token -o json --no-prompt --scope ${shellWord(wanted.scope)}`;
      return await tokenOfProgram(ports, `${scope}${option("--tenant-id", tenant, wanted)}`, (body) => ({
        token: textField(body, "token"),
        untilMs: Date.parse(textField(body, "expiresOn") ?? ""),
      }));
    },
  };
}

function option(name: string, tenant: string | undefined, wanted: Challenge): string {
  const named = tenant ?? wanted.tenant;
  return named === undefined ? "" : ` ${name} ${shellWord(named)}`;
}

/** As long as Microsoft's own libraries wait. */
const TIMEOUT_MS = 10_000;

/** When the answer does not say how long the token lives: one use, as good as. */
const UNKNOWN_LIFETIME_MS = 120_000;

interface Printed {
  readonly token: string | undefined;
  readonly untilMs: number;
}

/** A program that is not there, or where nobody is logged in, leaves the way to the next one. */
async function tokenOfProgram(
  ports: KmsPorts,
  line: string,
  read: (body: Readonly<Record<string, unknown>>) => Printed,
): Promise<AccessToken | Absent> {
  if (ports.run === undefined) return absent("no programs may be started");
  const outcome = await ports.run(line, { timeoutMs: TIMEOUT_MS, isUnattended: true });
  if (outcome.kind === "failed") return absent(withComplaint(outcome.problem, outcome.complaint));
  const body = jsonObject({ body: outcome.stdout }) ?? {};
  const { token, untilMs } = read(body);
  if (token === undefined || !isBearerToken(token)) return absent("it printed no access token");
  const isTime = Number.isFinite(untilMs) && untilMs > 0;
  const until = isTime ? untilMs : ports.now().getTime() + UNKNOWN_LIFETIME_MS;
  return { kind: "token", token: ClearText.fromText(token), untilMs: until };
}

/** Longer words without a blank are no language of people: they may be a token. */
const LONGEST_WORD = 100;

function withComplaint(problem: string, complaint = ""): string {
  const words = serverWords(complaint, []).split(/\s+/);
  const shown = words.map((word) => (word.length > LONGEST_WORD ? "[redacted]" : word)).join(" ");
  return shown.trim() === "" ? problem : `${problem}: ${shown.trim()}`;
}
