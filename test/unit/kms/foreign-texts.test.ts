import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readChallenge } from "../../../src/kms/azure/challenge.ts";
import { readClientCertificate } from "../../../src/kms/azure/client-certificate.ts";
import { readGoogleCredentials } from "../../../src/kms/gcp/credentials-file.ts";
import { serverWords } from "../../../src/kms/http/server-words.ts";
import { readPublicUrl, readSecretUrl } from "../../../src/kms/tokens/safe-url.ts";
import { readAllowList } from "../../../src/kms/vault/allow-list.ts";
import { apiUrl, pathProblem, readServer } from "../../../src/kms/vault/location.ts";
import { anyText, anyUrl } from "../../helpers/any-text.ts";

const RUNS = { numRuns: 300, seed: 5 } as const;

/** Texts that look like addresses, and every way of not being one. */
const address = fc.oneof(
  anyUrl(),
  anyText({ maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom("https://", "http://", "HTTPS://", "//", "ftp://", "https:", ""),
      fc.constantFrom(
        "a.example",
        "a.example@evil.example",
        "127.0.0.1",
        "[::1]",
        "a.example:443",
        "a.example.",
        "\\evil",
      ),
      fc.constantFrom("", "/", "/..", "/x/../y", "?q", "#f", "/%2e%2e", "\n", " "),
    )
    .map((parts) => parts.join("")),
);

const FIELDS = [
  "type",
  "client_email",
  "private_key",
  "token_uri",
  "credential_source",
  "file",
  "url",
  "headers",
  "__proto__",
];
const credentials = fc.dictionary(
  fc.constantFrom(...FIELDS),
  fc.oneof(fc.constantFrom("service_account", "authorized_user", "external_account"), fc.jsonValue(), address),
);

describe("texts of others", () => {
  test("an allow list covers nothing but the origin it names", () => {
    fc.assert(
      fc.property(address, address, (entry, asked) => {
        const list = readAllowList(entry);
        const server = readServer(asked);
        if (typeof list === "string" || typeof server === "string" || ["", "all", "none"].includes(entry.trim()))
          return;
        if (list(server)) expect(server.origin).toBe(new URL(entry.trim()).origin);
      }),
      RUNS,
    );
  });

  test("an address that is taken has no password, query or fragment, and leads where it says", () => {
    fc.assert(
      fc.property(address, (text) => {
        const server = readServer(text);
        if (typeof server !== "string") {
          expect([server.username, server.password, server.search, server.hash]).toEqual(["", "", "", ""]);
          expect(["http:", "https:"]).toContain(server.protocol);
        }
        for (const url of [readSecretUrl(text), readPublicUrl(text)]) {
          if (typeof url === "string") continue;
          expect([url.username, url.password]).toEqual(["", ""]);
          if (url.protocol !== "https:")
            expect(url.hostname).toMatch(/^(localhost|\[::1\]|127\.|169\.254\.|\[fd00:ec2::254\]|metadata)/);
        }
      }),
      RUNS,
    );
  });

  test("a path that is taken stays below the API of its server", () => {
    const step = fc.oneof(
      fc.constantFrom("..", ".", "", "\ud800", "%2e%2e", "a", "?", "#", "\\", ";"),
      anyText({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
        const path = steps.join("/");
        if (pathProblem(path) !== undefined) return;
        const url = apiUrl(new URL("https://a.example/sub"), path);
        expect(url.href.startsWith("https://a.example/sub/v1/")).toBe(true);
        expect(url.pathname.split("/").slice(3).map(decodeURIComponent).join("/")).toBe(path);
        expect([url.search, url.hash]).toEqual(["", ""]);
      }),
      RUNS,
    );
  });

  test("credentials files never throw, and never say what is in them", async () => {
    fc.assert(
      fc.property(credentials, (file) => {
        const read = readGoogleCredentials(JSON.stringify({ ...file, canary: "canary-value" }));
        if (read.kind === "problem") expect(`${read.state} ${read.original}`).not.toContain("canary-value");
      }),
      RUNS,
    );
    await fc.assert(
      fc.asyncProperty(anyText({ maxLength: 200 }), async (text) => {
        expect(readGoogleCredentials(text).kind).toBe("problem");
        for (const given of [`-----BEGIN PRIVATE KEY-----${text}-----END PRIVATE KEY-----`, `0${text}`]) {
          expect(await readClientCertificate(new TextEncoder().encode(given), "x")).toBeTypeOf("string");
        }
      }),
      RUNS,
    );
  });

  test("a challenge is for a domain that the vault is in", () => {
    const vault = new URL("https://team.vault.azure.net");
    fc.assert(
      fc.property(address, fc.constantFrom("resource", "scope"), (wanted, name) => {
        const challenge = readChallenge(`Bearer ${name}="${wanted}"`, vault);
        if (typeof challenge !== "string")
          expect(vault.host.endsWith(`.${new URL(challenge.resource).host}`)).toBe(true);
      }),
      RUNS,
    );
  });

  test("what a server says is short, and has no secret and no control character", () => {
    fc.assert(
      fc.property(anyText({ maxLength: 900 }), fc.nat(900), fc.nat(12), (text, at, cut) => {
        const secret = "canary-token";
        const hidden = `${secret.slice(0, cut)}\u200b\u0000${secret.slice(cut)}`;
        const shown = serverWords(`${text.slice(0, at)}${secret}${hidden}${text.slice(at)}`, [secret]);
        expect(shown.length).toBeLessThanOrEqual(401);
        expect(shown).not.toContain("canary-token");
        expect(shown).not.toMatch(/[^\P{C}\n\t]/u);
      }),
      RUNS,
    );
  });
});
