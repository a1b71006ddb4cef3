import { textField } from "../../http/message.ts";
import { readPublicUrl } from "../../tokens/safe-url.ts";
import { type CredentialsProblem, problem } from "../credentials-problem.ts";

/** Where the token of the other provider comes from. `field`: the name of it in a JSON object; absent when the text is it. */
export type SubjectSource = FileSource | UrlSource | AwsSource | ProgramSource | CertificateSource;

interface FileSource {
  readonly kind: "file";
  readonly path: string;
  readonly field: string | undefined;
}

interface UrlSource {
  readonly kind: "url";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly field: string | undefined;
}

/** The address that a signed request is for, and where a machine of AWS says who it is. */
export interface AwsSource {
  readonly kind: "aws";
  /** `{region}` stands for the region. */
  readonly verificationUrl: string;
  readonly regionUrl: URL | undefined;
  readonly credentialsUrl: URL | undefined;
  readonly sessionUrl: URL | undefined;
}

export interface ProgramSource {
  readonly kind: "program";
  /** Never empty. */
  readonly words: readonly string[];
  readonly timeoutMs: number;
  readonly outputFile: string | undefined;
}

export interface CertificateSource {
  readonly kind: "certificate";
  /** Undefined: the usual place. */
  readonly configPath: string | undefined;
  readonly chainPath: string | undefined;
}

/** Reads `credential_source`. Source: Google's documentation of workload identity federation, for each provider. */
export function readSubjectSource(source: unknown): SubjectSource | CredentialsProblem {
  if (typeof source !== "object" || source === null) return problem("credential_source is missing");
  const environment = textField(source, "environment_id") ?? "";
  if (environment !== "") return readAws(source, environment);
  if ("executable" in source) return readProgram(source.executable);
  if ("certificate" in source) return readCertificate(source.certificate);
  const field = subjectField("format" in source ? source.format : undefined);
  if (typeof field === "object") return field;
  const path = textField(source, "file") ?? "";
  if (path !== "") return { kind: "file", path, field };
  const url = readPublicUrl(textField(source, "url") ?? "");
  if (typeof url === "string") return problem(`the url of credential_source cannot be used: ${url}`);
  const headers = requestHeaders("headers" in source ? source.headers : undefined);
  if (headers === undefined) return problem("the headers of credential_source are no texts");
  return { kind: "url", url, headers, field };
}

const STANDARD_VERIFICATION = "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";

function readAws(source: object, environment: string): AwsSource | CredentialsProblem {
  const [, version = ""] = /^aws(\d{1,3})$/.exec(environment) ?? [];
  if (version === "") return problem("environment_id is none of AWS");
  if (version !== "1") {
    const state = `version ${version} of the credentials of AWS is not supported`;
    return problem(state, `credentials: aws version '${version}' is not supported in the current build`);
  }
  const verificationUrl = textField(source, "regional_cred_verification_url") || STANDARD_VERIFICATION;
  const urls = new Map<string, URL>();
  for (const name of ["region_url", "url", "imdsv2_session_token_url"]) {
    const text = textField(source, name) ?? "";
    if (text === "") continue;
    const url = readPublicUrl(text);
    if (typeof url === "string") return problem(`${name} cannot be used: ${url}`);
    urls.set(name, url);
  }
  return {
    ...{ kind: "aws", verificationUrl },
    regionUrl: urls.get("region_url"),
    credentialsUrl: urls.get("url"),
    sessionUrl: urls.get("imdsv2_session_token_url"),
  };
}

const STANDARD_TIMEOUT_MS = 30_000;
const MIN_TIMEOUT_MS = 5_000;
const MAX_TIMEOUT_MS = 120_000;

function readProgram(executable: unknown): ProgramSource | CredentialsProblem {
  // Blanks part the words, and nothing else counts: quotes belong to them.
  const words = (textField(executable, "command") ?? "").split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) {
    return problem(
      "the command of executable is missing",
      "credentials: missing `command` field — executable command must be provided",
    );
  }
  const hasTimeout = typeof executable === "object" && executable !== null && "timeout_millis" in executable;
  const timeoutMs = (hasTimeout ? executable.timeout_millis : undefined) || STANDARD_TIMEOUT_MS;
  if (typeof timeoutMs !== "number" || timeoutMs < MIN_TIMEOUT_MS || timeoutMs > MAX_TIMEOUT_MS) {
    return problem(
      "timeout_millis is not between 5000 and 120000",
      "credentials: invalid `timeout_millis` field — executable timeout must be between 5 and 120 seconds",
    );
  }
  return { kind: "program", words, timeoutMs, outputFile: textField(executable, "output_file") || undefined };
}

function readCertificate(certificate: unknown): CertificateSource | CredentialsProblem {
  const configPath = textField(certificate, "certificate_config_location") || undefined;
  const isObject = typeof certificate === "object" && certificate !== null;
  const usesStandard =
    isObject && "use_default_certificate_config" in certificate && certificate.use_default_certificate_config === true;
  if (usesStandard === (configPath !== undefined)) {
    const names = "certificate_config_location or use_default_certificate_config";
    return problem(
      usesStandard ? `certificate has both ${names}` : `certificate has neither ${names}`,
      usesStandard
        ? 'credentials: "certificate" object cannot specify both a certificate_config_location and use_default_certificate_config=true'
        : 'credentials: "certificate" object must either specify a certificate_config_location or use_default_certificate_config should be true',
    );
  }
  return { kind: "certificate", configPath, chainPath: textField(certificate, "trust_chain_path") || undefined };
}

function subjectField(format: unknown): string | undefined | CredentialsProblem {
  const type = textField(format, "type") ?? "text";
  if (type === "text") return undefined;
  if (type !== "json") return problem("the format of credential_source is neither text nor json");
  const field = textField(format, "subject_token_field_name") ?? "";
  return field === "" ? problem("subject_token_field_name is missing") : field;
}

const MAX_HEADERS = 20;

function requestHeaders(headers: unknown): Record<string, string> | undefined {
  const checked: Record<string, string> = Object.create(null);
  if (headers === undefined || headers === null) return checked;
  if (typeof headers !== "object" || Object.keys(headers).length > MAX_HEADERS) return undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== "string" || !/^[\w-]{1,100}$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) return undefined;
    checked[name.toLowerCase()] = value;
  }
  return checked;
}
