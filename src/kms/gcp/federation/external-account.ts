import { ClearText } from "../../../clear-text.ts";
import { textField } from "../../http/message.ts";
import { readSecretUrl } from "../../tokens/safe-url.ts";
import { type CredentialsProblem, problem, type Shared } from "../credentials-problem.ts";
import { readSubjectSource, type SubjectSource } from "./subject-source.ts";

/** Workload identity federation: a token of another provider is exchanged for one of Google. */
export interface ExternalAccount extends Shared {
  readonly kind: "external_account";
  readonly audience: string;
  readonly subjectTokenType: string;
  readonly tokenUrl: URL;
  readonly impersonationUrl: URL | undefined;
  /** How long a token of the account lives that one becomes. */
  readonly impersonationS: number | undefined;
  readonly subject: SubjectSource;
  readonly workforceProject: string | undefined;
  /** What the exchange is asked with besides, where the provider wants that. */
  readonly client: { readonly id: string; readonly secret: ClearText } | undefined;
}

export function readExternalAccount(parsed: object, shared: Shared): ExternalAccount | CredentialsProblem {
  const audience = textField(parsed, "audience") ?? "";
  const subjectTokenType = textField(parsed, "subject_token_type") ?? "";
  if (audience === "" || subjectTokenType === "") return problem("audience or subject_token_type is missing");
  if (!isPrintable(audience) || !isPrintable(subjectTokenType)) {
    return problem("audience or subject_token_type has characters that cannot be printed");
  }
  const subject = readSubjectSource("credential_source" in parsed ? parsed.credential_source : undefined);
  if (subject.kind === "problem") return subject;
  const host = subject.kind === "certificate" ? "sts.mtls" : "sts";
  const tokenUrl = readSecretUrl(textField(parsed, "token_url") || `https://${host}.${shared.universe}/v1/token`);
  if (typeof tokenUrl === "string") return problem(`token_url cannot be used: ${tokenUrl}`);
  const impersonation = textField(parsed, "service_account_impersonation_url") ?? "";
  const impersonationUrl = impersonation === "" ? undefined : readSecretUrl(impersonation);
  if (typeof impersonationUrl === "string") {
    return problem(`service_account_impersonation_url cannot be used: ${impersonationUrl}`);
  }
  const impersonationS = lifetimeOf(parsed);
  if (typeof impersonationS === "object") return impersonationS;
  const [id, secret] = [textField(parsed, "client_id") || "", textField(parsed, "client_secret") || ""];
  return {
    kind: "external_account",
    ...shared,
    ...{ audience, subjectTokenType, tokenUrl, impersonationUrl, impersonationS, subject },
    workforceProject: textField(parsed, "workforce_pool_user_project") || undefined,
    client: id === "" ? undefined : { id, secret: ClearText.fromText(secret) },
  };
}

/** Both become variables of programs, and headers. */
function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]{1,2048}$/.test(text);
}

const MIN_LIFETIME_S = 600;
const MAX_LIFETIME_S = 43_200;

function lifetimeOf(parsed: object): number | undefined | CredentialsProblem {
  const settings: unknown =
    "service_account_impersonation" in parsed ? parsed.service_account_impersonation : undefined;
  if (typeof settings !== "object" || settings === null || !("token_lifetime_seconds" in settings)) return undefined;
  const seconds = settings.token_lifetime_seconds;
  const isFit = typeof seconds === "number" && seconds >= MIN_LIFETIME_S && seconds <= MAX_LIFETIME_S;
  return isFit ? Math.floor(seconds) : problem("token_lifetime_seconds is not between 600 and 43200");
}
