import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundlePage } from "./bundle-page.ts";
import { type Browser, startBrowser } from "./devtools.ts";
import type { PasskeyResult } from "./passkey-page.ts";

/** Passkeys in a real browser, with an authenticator that it plays itself. */

let folder: string;
let server: Server;
let browser: Browser;
let authenticatorId: unknown;
let inputs: readonly string[];

const call = (expression: string) => browser.evaluate<PasskeyResult>(expression);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-passkey-"));
  const { outputFiles, metafile } = await bundlePage("passkey-page.ts");
  inputs = Object.keys(metafile.inputs);
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><script>${outputFiles[0]?.text.replaceAll("</script", "<\\/script")}</script>`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  browser = await startBrowser(folder);
  await browser.send("WebAuthn.enable");
  const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasPrf: true };
  const person = { hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const added = await browser.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, ...person, automaticPresenceSimulation: true },
  });
  ({ authenticatorId } = added);
  // An address is no domain, and a passkey belongs to a domain.
  await browser.send("Page.navigate", { url: `http://localhost:${port}/` });
  for (let tries = 0; tries < 100; tries++) {
    if ((await browser.evaluate("typeof globalThis.roundTrip")) === "function") return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("the page did not load");
});
afterAll(async () => {
  await browser?.close();
  await new Promise((done) => server.close(done));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

test("a file is encrypted to a passkey, and age-encryption reads it", async () => {
  const noneYet = await call("roundTrip()");
  expect([noneYet.code, noneYet.lines?.length]).toEqual(["AGE_PASSKEY_REFUSED", 2]);
  const { text: identity, lines } = await call("make()");
  expect(lines).toBeUndefined();
  expect(identity).toMatch(/^AGE-PLUGIN-FIDO2PRF-1/);
  for (const argument of ["", JSON.stringify(identity)]) {
    const { file, text, lines } = await call(`roundTrip(${argument})`);
    expect([text, lines]).toEqual(["hello\n", undefined]);
    expect(file).toMatch(/^age-encryption\.org\/v1\n-> age-encryption\.org\/fido2prf [\w+/]{22}\n[\w+/]{43}\n--- /);
  }
});

test("another site's passkey is refused", async () => {
  expect((await call('encryptFor("example.com")')).code).toBe("AGE_PASSKEY_UNAVAILABLE");
});

test("a person who is not recognised is refused", async () => {
  await browser.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
  expect((await call("roundTrip()")).code).toBe("AGE_PASSKEY_REFUSED");
});

test("sealkit/age alone brings nothing of it", async () => {
  const { metafile } = await bundlePage("page.ts");
  const brings = (paths: readonly string[]) => paths.some((path) => /age-encryption|passkey\.ts/.test(path));
  expect([brings(inputs), brings(Object.keys(metafile.inputs))]).toEqual([true, false]);
});
