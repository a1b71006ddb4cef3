import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitServer, serveGit } from "../../../src/git/http-backend-adapter.ts";

const root = mkdtempSync(join(tmpdir(), "sealkit-backend-"));
let server: GitServer;
beforeAll(async () => {
  server = await serveGit({ root, login: { username: "u", password: "p" } });
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

/** The status that a request line gets, sent as it is: `fetch` would put it in order first. */
function statusOf(target: string, login = "u:p"): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(text.split(" ")[1] ?? ""));
    const authorization = Buffer.from(login).toString("base64");
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${authorization}\r\nConnection: close\r\n\r\n`,
    );
  });
}

test.each(["/%zz", "/%00/info/refs", "/a%00", "//", "http://[/", "/%ff%fe"])(
  "%s is refused and ends nothing",
  async (target) => {
    expect(await statusOf(target)).toBe("400");
    expect(await statusOf("/none.git/HEAD")).toBe("404");
  },
);

test.each(["u:q", "u", ":p", "v:p", "u:p "])("who logs in as %j reads nothing", async (login) => {
  expect(await statusOf("/none.git/HEAD", login)).toBe("401");
});
