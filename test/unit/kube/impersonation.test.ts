import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKubeClient } from "../../../src/kube/index.ts";

let server: Server;
let seen: IncomingHttpHeaders[] = [];
let rawGroups: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request.headers);
    rawGroups = request.headersDistinct["impersonate-group"] ?? [];
    response.writeHead(200, { "Content-Type": "application/json" }).end('{"apiVersion":"v1","kind":"Secret"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => server.close());

const SECRETS = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true } as const;
const KEY = { namespace: "apps", name: "db" };

test("whom the configuration acts as neither replaces an impersonated account nor lends it groups", async () => {
  seen = [];
  const client = createKubeClient({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorize: async () => ({
      authorization: "Bearer t",
      "impersonate-user": "root",
      "Impersonate-Group": "system:masters",
      "impersonate-uid": "0",
    }),
  });
  const account = "system:serviceaccount:apps:deployer";
  await client.get(SECRETS, KEY);
  await client.impersonate(account).get(SECRETS, KEY);
  await client.impersonate(account).patch(SECRETS, KEY, {}, { type: "apply", fieldManager: "x", dryRun: true });
  await client.close();
  const [own, ...asAccount] = seen;
  expect(own).toMatchObject({ "impersonate-user": "root", "impersonate-group": "system:masters" });
  expect(asAccount).toHaveLength(2);
  for (const headers of asAccount) {
    expect(headers).toMatchObject({ authorization: "Bearer t", "impersonate-user": account });
    expect(headers).not.toHaveProperty("impersonate-group");
    expect(headers).not.toHaveProperty("impersonate-uid");
  }
});

test("several groups are several headers: in one they would be a single group of an odd name", async () => {
  const client = createKubeClient({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorize: async () => ({ "impersonate-user": "jane", "impersonate-group": ["a", "b, c"] }),
  });
  await client.get(SECRETS, KEY);
  await client.close();
  expect(rawGroups).toEqual(["a", "b, c"]);
});
