import { afterEach, describe, expect, test } from "vitest";
import {
  type OciErrorCode,
  type OciPorts,
  parseReference,
  pullFile,
  pushFile,
  type RegistryLogin,
} from "../../../src/oci/index.ts";
import {
  IDENTITY_TOKEN,
  REGISTRY_PASSWORD,
  REGISTRY_TOKEN,
  REGISTRY_USER,
  type Registry,
  type RegistryOptions,
  startRegistry,
} from "../../helpers/fakes/registry.ts";

const ANN: RegistryLogin = { kind: "password", username: REGISTRY_USER, password: REGISTRY_PASSWORD };
const CONTENT = new TextEncoder().encode("age-encryption.org/v1 ".repeat(5));
const FILE = { content: CONTENT, mediaType: "application/age", artifactType: "application/vnd.example" };
const ports = { fetch: globalThis.fetch };

let open: Registry[] = [];
afterEach(async () => {
  await Promise.all(open.map((registry) => registry.close()));
  open = [];
});
async function registryWith(options: RegistryOptions = {}) {
  const registry = await startRegistry(options);
  open.push(registry);
  return { registry, reference: parseReference(`oci://${registry.host}/team/keys:prod`) };
}

describe("a file in a registry", () => {
  test.each<{
    name: string;
    options?: RegistryOptions;
    login?: RegistryLogin | undefined;
    most?: number;
    chunk?: number;
  }>([
    { name: "with a token for name and password", login: ANN },
    { name: "with a token for an identity token", login: { kind: "identity token", token: IDENTITY_TOKEN } },
    { name: "with a token of the file", login: { kind: "registry token", token: REGISTRY_TOKEN } },
    { name: "with name and password themselves", options: { auth: "basic" }, login: ANN },
    { name: "without a login", options: { auth: "none" } },
    { name: "whose blobs are elsewhere", options: { redirectsBlobs: true }, login: ANN },
    { name: "in chunks, as it is long", login: ANN, most: 20, chunk: 33 },
    { name: "in chunks of one length", login: ANN, most: 20, chunk: CONTENT.length / 2 },
    {
      name: "in chunks, as the registry wants larger ones",
      options: { minChunkBytes: 50 },
      login: ANN,
      most: 20,
      chunk: 7,
    },
    { name: "in chunks, as one request is too large", options: { maxBodyBytes: 40 }, login: ANN, chunk: 40 },
  ])("$name: goes in and comes out", async ({ options = {}, login, most, chunk }) => {
    const { registry, reference } = await registryWith(options);
    const digest = await pushFile(ports, reference, FILE, { login, maxPutBytes: most, chunkBytes: chunk });
    expect(await pullFile(ports, reference, { login })).toEqual(CONTENT);
    const pinned = parseReference(`oci://${registry.host}/team/keys@${digest}`);
    expect(await pullFile(ports, pinned, { login })).toEqual(CONTENT);
    const patches = registry.requests.filter((line) => line.startsWith("PATCH")).length;
    const length = Math.max(chunk ?? 0, options.minChunkBytes ?? 0);
    expect(patches).toBe(chunk === undefined ? 0 : Math.ceil(CONTENT.length / length));
    // What is there is not sent again.
    const before = registry.requests.length;
    await pushFile(ports, reference, FILE, { login });
    expect(registry.requests.slice(before).filter((line) => line.startsWith("POST /v2"))).toEqual([]);
  });

  test("nothing of that name, or another artifact than that of the digest", async () => {
    const { registry, reference } = await registryWith({ auth: "none" });
    expect(await pullFile(ports, reference)).toBeUndefined();
    const digest = await pushFile(ports, reference, FILE);
    await pushFile(ports, reference, { ...FILE, content: new TextEncoder().encode("of somebody else") });
    registry.manifests.set(`team/keys@${digest}`, registry.manifests.get("team/keys:prod") ?? Buffer.from(""));
    const pinned = parseReference(`oci://${registry.host}/team/keys@${digest}`);
    await expect(pullFile(ports, pinned)).rejects.toThrow(/another manifest than that of the digest/);
    await expect(pushFile(ports, pinned, FILE)).rejects.toMatchObject({ code: "OCI_BAD_REFERENCE" });
  });

  const errors = (code: string, message: string) => ({ errors: [{ code, message, detail: { canary: 1 } }] });
  test.each<{ name: string; told: Registry["instead"]; code: OciErrorCode; says: string }>([
    {
      name: "no right to push",
      told: [{ method: "POST", status: 403, body: errors("DENIED", "requested access\u001b[31m is denied") }],
      code: "OCI_DENIED",
      says: "the registry says: DENIED: requested access [31m is denied",
    },
    {
      name: "a quota",
      told: [{ method: "PUT", status: 403, body: errors("DENIED", "quota exceeded") }],
      code: "OCI_DENIED",
      says: "the registry says: DENIED: quota exceeded",
    },
    {
      name: "an artifact that it does not know",
      told: [{ method: "PUT", status: 400, body: errors("MANIFEST_INVALID", "artifactType unsupported") }],
      code: "OCI_PROTOCOL",
      says: "the registry says: MANIFEST_INVALID: artifactType unsupported",
    },
    {
      name: "too many requests",
      told: [{ method: "POST", status: 429, body: errors("TOOMANYREQUESTS", "slow down") }],
      code: "OCI_PROTOCOL",
      says: "the registry says: TOOMANYREQUESTS: slow down",
    },
    {
      name: "its own words with our password in them",
      told: [{ method: "POST", status: 400, body: errors("UNKNOWN", `got ${REGISTRY_PASSWORD}`) }],
      code: "OCI_PROTOCOL",
      says: "answers 400 to POST",
    },
    {
      name: "a page of HTML",
      told: [{ method: "POST", status: 502, body: "<html>" }],
      code: "OCI_PROTOCOL",
      says: "answers 502",
    },
    {
      name: "no place to upload to",
      told: [{ method: "POST", status: 202 }],
      code: "OCI_PROTOCOL",
      says: "where to upload to",
    },
    {
      name: "an upload to no address",
      told: [{ method: "POST", status: 202, headers: { location: "file:///etc" } }],
      code: "OCI_PROTOCOL",
      says: "no address",
    },
    {
      name: "a chunk that it did not take",
      told: [
        { method: "PUT", status: 413 },
        { method: "PATCH", status: 202, headers: { range: "0-3", location: "/x" } },
      ],
      code: "OCI_PROTOCOL",
      says: "it took another part of the file than was sent: 0-3",
    },
    {
      name: "even a chunk that is too large",
      told: [
        { method: "PUT", status: 413 },
        { method: "PATCH", status: 413 },
      ],
      code: "OCI_TOO_LARGE",
      says: "answers 413 to PATCH",
    },
    {
      name: "a redirect of what is written",
      told: [{ method: "PUT", status: 307, headers: { location: "http://127.0.0.1:1/" } }],
      code: "OCI_PROTOCOL",
      says: "answers 307 to PUT",
    },
  ])("$name: refused, with its reason and no secret", async ({ told, code, says }) => {
    const { registry, reference } = await registryWith();
    registry.instead.push(...told);
    const error = await pushFile(ports, reference, FILE, { login: ANN }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code });
    const { message, details, hints } = error as {
      message: string;
      details: readonly string[];
      hints: readonly string[];
    };
    const text = [message, ...details, ...hints].join("\n");
    expect(text).toContain(says);
    expect(text).not.toMatch(/hunter2|canary|for\.team/);
  });

  test.each<{ name: string; login: RegistryLogin | undefined; says: string }>([
    { name: "nobody", login: undefined, says: "no login was given for it" },
    { name: "another password", login: { ...ANN, password: "canary-x" } as RegistryLogin, says: "logged in as ann" },
    {
      name: "another identity token",
      login: { kind: "identity token", token: "canary-y" },
      says: "with an identity token",
    },
    {
      name: "another token",
      login: { kind: "registry token", token: "canary-z" },
      says: "with an access token of the file",
    },
  ])("$name: gets no token, and is told who was asked for", async ({ login, says }) => {
    const { reference } = await registryWith();
    const error = await pullFile(ports, reference, { login }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "OCI_DENIED",
      details: expect.arrayContaining([says === "" ? "" : expect.stringContaining(says)]),
    });
    expect(JSON.stringify(error, ["message", "details", "hints"])).not.toMatch(/canary-[xyz]/);
  });
});

test("a storage that a registry sends us to does not get the login by asking for it", async () => {
  const { registry, reference } = await registryWith();
  await pushFile(ports, reference, FILE, { login: ANN });
  const asked: string[] = [];
  const fetch: OciPorts["fetch"] = async (url, init) => {
    if (url.includes("/blobs/"))
      return new Response(null, { status: 307, headers: { location: "http://127.0.0.2:9/x" } });
    if (!url.includes("127.0.0.2")) return await globalThis.fetch(url, init);
    asked.push(url);
    const challenge = 'Bearer realm="http://127.0.0.2:9/token",service="x"';
    return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
  };
  await expect(pullFile({ fetch }, reference, { login: ANN })).rejects.toMatchObject({ code: "OCI_DENIED" });
  expect(asked).toEqual(["http://127.0.0.2:9/x"]);
  expect(registry.requests.filter((line) => line.startsWith("GET /v2/team/keys/manifests"))).not.toEqual([]);
});
