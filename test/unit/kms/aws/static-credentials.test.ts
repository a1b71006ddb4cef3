import { describe, expect, test } from "vitest";
import { readAwsCredentials } from "../../../../src/kms/aws/static-credentials.ts";
import { expectNoSecret } from "../../../helpers/fakes/key-failure.ts";

describe("readAwsCredentials()", () => {
  test.each([
    {
      name: "keys",
      text: "aws_access_key_id: AKIA\naws_secret_access_key: s/+=\n",
      want: { accessKeyId: "AKIA", secretAccessKey: "s/+=" },
    },
    {
      name: "keys with a session, and more",
      text: '{"aws_access_key_id": "AKIA", "aws_secret_access_key": "s", "aws_session_token": "t", "region": "x"}',
      want: { accessKeyId: "AKIA", secretAccessKey: "s", sessionToken: "t" },
    },
    {
      name: "an empty session",
      text: 'aws_access_key_id: "AKIA"\naws_secret_access_key: s\naws_session_token: ""\n',
      want: { accessKeyId: "AKIA", secretAccessKey: "s" },
    },
  ])("reads $name", ({ text, want }) => {
    expect(readAwsCredentials(text)).toEqual(want);
  });

  test.each([
    { name: "nothing", text: "", says: "no YAML mapping" },
    { name: "a text", text: "canary", says: "no YAML mapping" },
    { name: "a list", text: "- canary", says: "no YAML mapping" },
    { name: "broken YAML", text: "aws_secret_access_key: [canary", says: "no YAML" },
    { name: "no id", text: "aws_secret_access_key: canary", says: "aws_access_key_id is missing" },
    { name: "no secret", text: "aws_access_key_id: canary", says: "aws_secret_access_key is missing" },
    {
      name: "a number",
      text: "aws_access_key_id: canary\naws_secret_access_key: 12345678901",
      says: "aws_secret_access_key is no text",
    },
    {
      name: "a line break",
      text: 'aws_access_key_id: "canary\\r\\nx: y"\naws_secret_access_key: s',
      says: "aws_access_key_id is no text",
    },
    {
      name: "a mapping",
      text: "aws_access_key_id: {canary: canary}\naws_secret_access_key: s",
      says: "aws_access_key_id is no text",
    },
  ])("refuses $name", ({ text, says }) => {
    const error = thrown(() => readAwsCredentials(text));
    expect(error).toMatchObject({ code: "KEY_SERVICE_BAD_SETTINGS", message: expect.stringContaining(says) });
    expectNoSecret(error, ["canary", "12345678901"]);
  });
});

function thrown(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not fail");
}
