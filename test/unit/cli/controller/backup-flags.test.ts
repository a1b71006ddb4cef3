import { describe, expect, test } from "vitest";
import { runCli } from "../../../helpers/run-cli.ts";

describe("sealkit controller --backup-…", () => {
  test.each([
    { line: "--backup-to s3://b/k", says: "Cannot use --backup-to without --backup-recipients-file" },
    { line: "--backup-recipients-file r.txt", says: "Cannot use --backup-recipients-file without --backup-to" },
    { line: "--backup-to oci://r.io/k --backup-recipients-file r.txt", says: "the controller does not write there" },
    { line: "--backup-to secret:keys --backup-recipients-file r.txt", says: "the controller does not write there" },
    { line: "--backup-to secret:a/b/c --backup-recipients-file r.txt", says: "the controller does not write there" },
    { line: "--backup-to k --backup-recipients-file r.txt --backup-schedule often", says: "it is not a duration" },
  ])("$line is refused before anything starts", async ({ line, says }) => {
    const { code, stderr } = await runCli(`controller ${line} --kubeconfig none`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });
});
