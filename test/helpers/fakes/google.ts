import { createCipheriv, createDecipheriv, createHash, type KeyObject, randomBytes, verify } from "node:crypto";
import type { Service, WireAnswer, WireRequest } from "./wire.ts";

export interface FakeGoogleOptions {
  /** Access token that the services take. */
  readonly token: string;
  /** Resource names of the keys there are. */
  readonly keys: readonly string[];
  readonly quotaProject?: string;
  readonly serviceAccount?: {
    readonly publicKey: KeyObject;
    readonly keyId: string;
    readonly email: string;
    /** The audience that its statements are to have. */
    readonly tokenUrl: string;
    readonly nowMs: () => number;
  };
  readonly user?: { readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };
  readonly federation?: {
    readonly audience: string;
    readonly subjectTokenType: string;
    /** The token, or whether a given one is right. */
    readonly subjectToken: string | ((given: string) => boolean);
    /** What the exchange is asked with besides. */
    readonly basic?: string;
    /** Of the token of the account that one becomes; an hour when it is not given. */
    readonly lifetime?: string;
    /** With it the exchange gives a token that is only good for becoming this account. */
    readonly impersonated?: string;
  };
  /** Leaves checksums out, as stand-ins do. */
  readonly hasNoChecksums?: boolean;
}

const SCOPES = "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/cloudkms";
const FEDERATED_TOKEN = "ya29.federated-token";
const FORM = "application/x-www-form-urlencoded";

/** Cloud KMS, as strict as the service or stricter; AES-GCM under a key of its own for each key. */
export function fakeGoogleKms(options: FakeGoogleOptions): Service {
  return (request) => {
    const denied = refuseCaller(request, options);
    if (denied !== undefined) return denied;
    const path = request.url.pathname.split("/").map(decodeURIComponent).join("/");
    const [, resource = "", verb = ""] = /^\/v1\/(projects\/.+):(encrypt|decrypt)$/.exec(path) ?? [];
    if (request.method !== "POST" || verb === "") return no(404, "NOT_FOUND", `fake: ${request.method} ${path}`);
    if (request.headers.get("content-type") !== "application/json") return no(400, "INVALID_ARGUMENT", "fake: no JSON");
    if (!options.keys.includes(resource)) return no(404, "NOT_FOUND", `CryptoKey ${resource} not found.`);
    return verb === "encrypt"
      ? encrypt(request.body, resource, options.hasNoChecksums === true)
      : decrypt(request.body, resource, options.hasNoChecksums === true);
  };
}

function refuseCaller(
  { headers, url }: WireRequest,
  { token, quotaProject }: FakeGoogleOptions,
): WireAnswer | undefined {
  if (headers.get("authorization") !== `Bearer ${token}`) {
    return no(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
  }
  if (headers.get("x-goog-user-project") !== quotaProject) return no(403, "PERMISSION_DENIED", "fake: quota project");
  // The client of the original asks for numbers in place of names.
  if (url.search !== "" && url.searchParams.get("$alt") !== "json;enum-encoding=int") {
    return no(400, "INVALID_ARGUMENT", `fake: query ${url.search}`);
  }
  return undefined;
}

/** The one bytes field of a request, checked against its checksum and the resource of the path. */
function readInput(body: string, input: string, resource: string): Buffer | string {
  const fields = JSON.parse(body) as Record<string, unknown>;
  const known = [input, `${input}Crc32c`, "name"];
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  if (unknown.length > 0) return `fake: unknown name ${unknown.join()}`;
  if (fields["name"] !== undefined && fields["name"] !== resource) return "fake: another name in the body";
  const text = fields[input];
  if (typeof text !== "string" || text === "") return `fake: no ${input}`;
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) return `fake: ${input} is no base64`;
  const sum = fields[`${input}Crc32c`];
  if (sum !== undefined && sum !== String(bitwiseCrc32c(bytes))) return `fake: wrong checksum of the ${input}`;
  return bytes;
}

function encrypt(body: string, resource: string, hasNoChecksums: boolean): WireAnswer {
  const plain = readInput(body, "plaintext", resource);
  if (typeof plain === "string") return no(400, "INVALID_ARGUMENT", plain);
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(resource), iv);
  const wrapped = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const answer = { name: `${resource}/cryptoKeyVersions/1`, ciphertext: wrapped.toString("base64") };
  if (hasNoChecksums) return { status: 200, body: answer };
  const sums = { ciphertextCrc32c: String(bitwiseCrc32c(wrapped)), verifiedPlaintextCrc32c: body.includes("Crc32c") };
  return { status: 200, body: { ...answer, ...sums, protectionLevel: "SOFTWARE" } };
}

function decrypt(body: string, resource: string, hasNoChecksums: boolean): WireAnswer {
  const wrapped = readInput(body, "ciphertext", resource);
  if (typeof wrapped === "string") return no(400, "INVALID_ARGUMENT", wrapped);
  try {
    const decipher = createDecipheriv("aes-256-gcm", keyOf(resource), wrapped.subarray(0, 12));
    decipher.setAuthTag(wrapped.subarray(-16));
    const plain = Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
    const sums = hasNoChecksums ? {} : { plaintextCrc32c: String(bitwiseCrc32c(plain)) };
    return { status: 200, body: { plaintext: plain.toString("base64"), ...sums, usedPrimary: true } };
  } catch {
    return no(400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.");
  }
}

const keyOf = (resource: string) => createHash("sha256").update(`fake google key ${resource}`).digest();

/** One bit after the other: slow and plain, and not that of the library. */
function bitwiseCrc32c(bytes: Uint8Array): number {
  let sum = 0xffffffffn;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1n) === 1n ? (sum >> 1n) ^ 0x82f63b78n : sum >> 1n;
  }
  return Number(sum ^ 0xffffffffn);
}

/** `oauth2.googleapis.com`: statements of service accounts, and refresh tokens of people. */
export function fakeGoogleTokens(options: FakeGoogleOptions): Service {
  return ({ method, url, headers, body }) => {
    if (method !== "POST" || url.pathname !== "/token" || url.search !== "") return { status: 404, body: "no" };
    if (headers.get("content-type") !== FORM || headers.has("authorization"))
      return noToken("invalid_request", "fake: headers");
    const form = Object.fromEntries(new URLSearchParams(body));
    switch (form["grant_type"]) {
      case "urn:ietf:params:oauth:grant-type:jwt-bearer":
        return statementProblem(form, options) ?? granted(options.token);
      case "refresh_token":
        return sameFields(form, {
          grant_type: "refresh_token",
          client_id: options.user?.clientId,
          client_secret: options.user?.clientSecret,
          refresh_token: options.user?.refreshToken,
        })
          ? granted(options.token)
          : noToken("invalid_grant", "Token has been expired or revoked.");
      default:
        return noToken("unsupported_grant_type", "Invalid grant_type");
    }
  };
}

function statementProblem(form: Record<string, string>, { serviceAccount }: FakeGoogleOptions): WireAnswer | undefined {
  if (serviceAccount === undefined) return noToken("invalid_grant", "fake: no such account");
  if (Object.keys(form).sort().join() !== "assertion,grant_type") return noToken("invalid_request", "fake: fields");
  const [head = "", claims = "", signature = "", ...more] = (form["assertion"] ?? "").split(".");
  if (more.length > 0) return noToken("invalid_grant", "fake: no JWT");
  const isSigned = verify(
    "sha256",
    Buffer.from(`${head}.${claims}`),
    serviceAccount.publicKey,
    Buffer.from(signature, "base64url"),
  );
  if (!isSigned) return noToken("invalid_grant", "Invalid JWT Signature.");
  const header = JSON.parse(Buffer.from(head, "base64url").toString()) as Record<string, unknown>;
  if (!sameFields(header, { alg: "RS256", typ: "JWT", kid: serviceAccount.keyId }))
    return noToken("invalid_grant", "fake: header");
  const { iat, exp, ...said } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
  const wanted = { iss: serviceAccount.email, scope: SCOPES, aud: serviceAccount.tokenUrl };
  if (!sameFields(said, wanted)) return noToken("invalid_grant", `fake: claims ${JSON.stringify(said)}`);
  const nowS = serviceAccount.nowMs() / 1000;
  if (
    typeof iat !== "number" ||
    typeof exp !== "number" ||
    Math.abs(iat - nowS) > 60 ||
    exp - iat > 3600 ||
    exp <= nowS
  ) {
    return noToken(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
    );
  }
  return undefined;
}

/** `sts.googleapis.com`: a token of another provider for one of Google. */
export function fakeGoogleExchange({ federation, token }: FakeGoogleOptions): Service {
  return ({ method, url, headers, body }) => {
    if (method !== "POST" || url.pathname !== "/v1/token") return { status: 404, body: "no" };
    const basic = federation?.basic === undefined ? undefined : `Basic ${federation.basic}`;
    if (headers.get("content-type") !== FORM || headers.get("authorization") !== basic)
      return noToken("invalid_request", "fake: headers");
    const form = Object.fromEntries(new URLSearchParams(body));
    const { subject_token = "" } = form;
    const isRight =
      typeof federation?.subjectToken === "function"
        ? federation.subjectToken(subject_token)
        : subject_token === federation?.subjectToken;
    const wanted = {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      audience: federation?.audience,
      scope: federation?.impersonated === undefined ? SCOPES : "https://www.googleapis.com/auth/cloud-platform",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token,
      subject_token_type: federation?.subjectTokenType,
    };
    if (!isRight || !sameFields(form, wanted)) return noToken("invalid_grant", "The subject token is not acceptable.");
    return granted(federation?.impersonated === undefined ? token : FEDERATED_TOKEN);
  };
}

/** `iamcredentials.googleapis.com`: a caller becomes a service account. */
export function fakeGoogleImpersonation(
  { federation, token, serviceAccount }: FakeGoogleOptions,
  source = FEDERATED_TOKEN,
): Service {
  return ({ method, url, headers, body }) => {
    const account = federation?.impersonated ?? serviceAccount?.email ?? "";
    const path = `/v1/projects/-/serviceAccounts/${account}:generateAccessToken`;
    if (method !== "POST" || decodeURIComponent(url.pathname) !== path)
      return no(404, "NOT_FOUND", "fake: no such account");
    if (headers.get("authorization") !== `Bearer ${source}`) return no(403, "PERMISSION_DENIED", "Permission denied");
    const fields = JSON.parse(body) as Record<string, unknown>;
    if (!sameFields(fields, { scope: SCOPES.split(" "), lifetime: federation?.lifetime ?? "3600s" }))
      return no(400, "INVALID_ARGUMENT", "fake: fields");
    return { status: 200, body: { accessToken: token, expireTime: "2999-01-01T00:00:00Z" } };
  };
}

/** The metadata server of a machine of Google's. */
export function fakeGoogleMetadata({ token }: FakeGoogleOptions): Service {
  return ({ method, url, headers }) => {
    const answered = { "metadata-flavor": "Google" };
    if (headers.get("metadata-flavor") !== "Google") return { status: 403, body: "no" };
    if (method !== "GET" || url.pathname !== "/computeMetadata/v1/instance/service-accounts/default/token") {
      return { status: 404, headers: answered, body: "no" };
    }
    if (url.searchParams.get("scopes") !== SCOPES.replace(" ", ","))
      return { status: 400, headers: answered, body: "no" };
    return { ...granted(token), headers: answered };
  };
}

/** The same on a node of GKE, as far as it tells which cluster that is. */
export function fakeGkeMetadata(names: Readonly<Record<string, string>>): Service {
  return ({ method, url, headers }) => {
    const name = names[url.pathname.replace("/computeMetadata/v1/", "")];
    const isRight = method === "GET" && url.search === "" && headers.get("metadata-flavor") === "Google";
    if (!isRight || name === undefined) return { status: 404, headers: { "metadata-flavor": "Google" }, body: "no" };
    return { status: 200, headers: { "metadata-flavor": "Google", "content-type": "application/text" }, body: name };
  };
}

/** `storage.googleapis.com`: uploads of one object. */
export function fakeGoogleStorage({ token }: FakeGoogleOptions, objects: Map<string, string>): Service {
  return ({ method, url, headers, body }) => {
    if (headers.get("authorization") !== `Bearer ${token}`) return no(401, "UNAUTHENTICATED", "Invalid Credentials");
    const [, bucket = ""] = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/.exec(url.pathname) ?? [];
    const name = url.searchParams.get("name") ?? "";
    if (method !== "POST" || url.searchParams.get("uploadType") !== "media" || name === "")
      return no(400, "", "fake: request");
    if (bucket !== "bucket-1") return no(404, "", "The specified bucket does not exist.");
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(bitwiseCrc32c(Buffer.from(body)));
    if (headers.get("x-goog-hash") !== `crc32c=${sum.toString("base64")}`) return no(400, "", "fake: wrong checksum");
    objects.set(`${bucket}/${name}`, body);
    return { status: 200, body: { bucket, name, crc32c: sum.toString("base64") } };
  };
}

function granted(token: string): WireAnswer {
  return { status: 200, body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
}

function noToken(error: string, description: string): WireAnswer {
  return { status: 400, body: { error, error_description: description } };
}

function no(code: number, status: string, message: string): WireAnswer {
  return { status: code, body: { error: { code, message, status } } };
}

function sameFields(given: Record<string, unknown>, wanted: Record<string, unknown>): boolean {
  const flat = (fields: Record<string, unknown>) =>
    JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
  return flat(given) === flat(wanted);
}
