import { describe, expect, test } from "vitest";
import { type KvPlace, kvUrl, vaultKv } from "../../../../src/kms/vault/kv.ts";
import { expectNoSecret, failureOf } from "../../../helpers/fakes/key-failure.ts";
import { TROUBLES } from "../../../helpers/fakes/trouble.ts";
import { fakeVault } from "../../../helpers/fakes/vault.ts";
import { fetchOf, recorded, type Service } from "../../../helpers/fakes/wire.ts";
import { testPorts } from "../../../helpers/kms-ports.ts";

const TOKEN = "hvs.canary-token-of-vault";
const HOST = "vault.example";
const place = (more: Partial<KvPlace> = {}): KvPlace => ({
  address: `https://${HOST}`,
  mount: "secret/",
  path: "apps/db.yaml",
  version: 2,
  ...more,
});

function open(service: Service) {
  const { service: watched, requests } = recorded(service);
  const ports = testPorts({ fetch: fetchOf({ [HOST]: watched }), env: { VAULT_TOKEN: TOKEN } });
  return { kv: vaultKv(ports), requests };
}

describe("vaultKv()", () => {
  test.each([
    { version: 2, mount: "secret/", path: "apps/db.yaml", url: "/v1/secret/data/apps/db.yaml" },
    { version: 2, mount: "secret", path: "/apps/db.yaml", url: "/v1/secret/data/apps/db.yaml" },
    { version: 1, mount: "secret/", path: "apps/db.yaml", url: "/v1/secret/apps/db.yaml" },
    { version: 1, mount: "secret/", path: "a b.yaml", url: "/v1/secret/a%20b.yaml" },
  ] as const)("writes $url and reads it back", async ({ version, mount, path, url }) => {
    const server = fakeVault({ token: TOKEN, keys: [], kvVersion: version });
    const { kv, requests } = open(server.service);
    const at = place({ version, mount, path });
    expect(await kv.read(at)).toBeUndefined();
    await kv.write(at, { user: "u", nested: { list: [1, "canary-value"] } });
    expect(await kv.read(at)).toEqual({ user: "u", nested: { list: [1, "canary-value"] } });
    expect(new Set(requests.map(({ url: seen }) => seen.pathname))).toEqual(new Set([url]));
    expect(kvUrl(at)).toBe(`https://${HOST}${url}`);
  });

  test("sends nothing to a server that is not on the allow list, and its hint runs nothing", async () => {
    const { service, requests } = recorded(fakeVault({ token: TOKEN, keys: [] }).service);
    const env = { VAULT_TOKEN: TOKEN, SOPS_HC_VAULT_ALLOWLIST: "https://own.example" };
    const kv = vaultKv(testPorts({ fetch: fetchOf({ [HOST]: service }), env }));
    const address = `https://${HOST}/$(touch$IFS/tmp/x);reboot`;
    const error = await failureOf(kv.write(place({ address }), { password: "canary-value" }));
    expect([error.code, requests]).toEqual(["KEY_SERVICE_NOT_ALLOWED", []]);
    expect(error.hints).toEqual([`allow it, if you trust it: export SOPS_HC_VAULT_ALLOWLIST='${address}'`]);
  });

  test.each([
    { name: "a path that climbs", more: { path: "../../sys/raw" }, code: "KEY_SERVICE_BAD_KEY" },
    { name: "an empty path", more: { path: "" }, code: "KEY_SERVICE_BAD_KEY" },
    { name: "an address that is none", more: { address: "vault" }, code: "KEY_SERVICE_BAD_KEY" },
    { name: "an engine that is not there", more: { mount: "none" }, code: "KEY_SERVICE_MISSING_KEY" },
  ])("refuses to write to $name", async ({ more, code }) => {
    const { kv } = open(fakeVault({ token: TOKEN, keys: [] }).service);
    const error = await failureOf(kv.write(place(more), { password: "canary-value" }));
    expect(error.code).toBe(code);
    expectNoSecret(error, [TOKEN, "canary-value"]);
  });

  test.each(Object.entries(TROUBLES).filter(([, { code }]) => code !== "KEY_SERVICE_BAD_ANSWER"))(
    "names a server that %s",
    async (_, { answer, code }) => {
      const error = await failureOf(open(() => answer).kv.write(place(), { password: "canary-value" }));
      expect(error.code).toBe(code);
      expectNoSecret(error, [TOKEN, "canary-value"]);
    },
  );

  test("does not show a value that the server repeats", async () => {
    const mirror: Service = ({ body }) => ({ status: 400, body: { errors: [body] } });
    const error = await failureOf(open(mirror).kv.write(place(), { a: { b: ["canary-value"] } }));
    expectNoSecret(error, ["canary-value"]);
  });
});
