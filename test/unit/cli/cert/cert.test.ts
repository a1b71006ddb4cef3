import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../../../src/x509/index.ts";
import { type CaseKeys, caseKeys } from "../../../helpers/kubeseal/cases.ts";
import { runCli } from "../../../helpers/run-cli.ts";

const DAY = 24 * 60 * 60 * 1000;
let keys: CaseKeys;
beforeAll(async () => {
  keys = await caseKeys(async () => "");
});

const run = (line: string, now = Date.now()) =>
  runCli(`cert ${line}`, {
    now,
    files: {
      "cert.pem": `before\n${keys.certificate}`,
      "expired.pem": keys.tokens.get("@CERT_EXPIRED") ?? "",
      "future.pem": keys.tokens.get("@CERT_FUTURE") ?? "",
      "ec.pem": keys.tokens.get("@CERT_EC") ?? "",
      "key.pem": keys.tokens.get("@KEY") ?? "",
    },
  });

describe("sealkit cert", () => {
  test("prints the file as it is, and says on stderr which key it is of", async () => {
    const { code, stdout, stderr } = await run("cert.pem");
    const { fingerprint } = readCertificate(keys.certificate);
    expect([code, stdout]).toEqual([0, `before\n${keys.certificate}`]);
    expect(stderr).toContain(`Key ${fingerprint} (2048 bits) in "cert.pem": is valid until 20`);
  });

  test("shows a table or JSON", async () => {
    const { stdout } = await run("cert.pem -o table");
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual([
      "KEY",
      "BITS",
      "SUBJECT",
      "SERIAL",
      "VALID FROM",
      "VALID UNTIL",
      "STATE",
      "SOURCE",
      "",
    ]);
    const entry = JSON.parse((await run("expired.pem -o json")).stdout);
    expect(entry).toMatchObject({
      bits: 2048,
      notAfter: "2021-02-03T04:05:06Z",
      state: "expired",
      source: 'in "expired.pem"',
    });
    expect(JSON.parse((await run("future.pem -o json")).stdout).state).toBe("future");
  });

  test("writes a file", async () => {
    const { files, stdout } = await run("cert.pem -w out.pem");
    expect([stdout, files["out.pem"]?.text]).toEqual(["", `before\n${keys.certificate}`]);
  });

  test("says that a file is old", async () => {
    const { stderr } = await run("cert.pem", Date.now() + 40 * DAY);
    expect(stderr).toContain("It was made 41d ago; the controller may have renewed its key since");
  });

  test.each([
    { name: "one that is good for years", line: "cert.pem --check", code: 0, says: "" },
    { name: "an expired one", line: "expired.pem --check", code: 1, says: "expired on 2021-02-03" },
    { name: "one that expires soon", line: "cert.pem --check", later: 3630, code: 1, says: "days from now" },
    {
      name: "one that does not expire that soon",
      line: "cert.pem --check --expires-within 1d",
      later: 3630,
      code: 0,
      says: "",
    },
    { name: "one of the future", line: "future.pem --check", code: 1, says: "is valid from 2030-01-01 on" },
  ])("--check of $name ends with $code", async ({ line, code, says, later = 0 }) => {
    const result = await run(line, Date.now() + later * DAY);
    expect([result.code, result.stdout]).toEqual([code, ""]);
    if (says === "") expect(result.stderr).toBe("");
    else expect(result.stderr).toContain(says);
  });

  test.each([
    { name: "no file", line: "none.pem", why: 'Cannot read "none.pem"' },
    { name: "no certificate", line: "key.pem", why: "there is none in PEM form" },
    { name: "an EC certificate", line: "ec.pem", why: "its key is not an RSA key" },
    {
      name: "another key",
      line: `cert.pem --cert-fingerprint SHA256:${"A".repeat(43)}`,
      why: "its key is another one",
    },
    { name: "no cluster", line: "", why: "error: " },
    { name: "another scheme", line: "ftp://x/cert.pem", why: 'unsupported protocol scheme "ftp"' },
  ])("refuses $name", async ({ line, why }) => {
    const result = await run(line);
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toContain(why);
  });
});
