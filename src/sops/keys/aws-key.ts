import type { MasterKey } from "../metadata/metadata.ts";

/** What is said once for all AWS keys of a call. */
export interface AwsSettings {
  /** Encryption context. */
  readonly context?: ReadonlyMap<string, string> | undefined;
  readonly profile?: string | undefined;
}

/** Where the role begins in `ARN+ARN of the role`. */
const ROLE = "+arn:aws";

/** An AWS key as texts name it: `arn:aws:kms:…`, or that with `+` and the ARN of a role to take on. */
export function awsKeyOfText(text: string, { context, profile }: AwsSettings): MasterKey {
  const at = text.indexOf(ROLE);
  const [arn, role] = at > 0 ? [text.slice(0, at), text.slice(at + 1)] : [text, ""];
  return awsKey({ arn, role, context: context ?? new Map(), profile: profile ?? "" });
}

export interface AwsKeyParts {
  readonly arn: string;
  readonly role: string;
  readonly context: ReadonlyMap<string, string>;
  readonly profile: string;
}

export function awsKey({ arn, role, context, profile }: AwsKeyParts): MasterKey {
  return {
    type: "kms",
    fields: new Map<string, string | ReadonlyMap<string, string>>([
      ["arn", arn],
      ["role", role],
      ["context", context],
      ["aws_profile", profile],
    ]),
  };
}

/** An encryption context of the command line, `name:value,name:value`; undefined when a pair is none. */
export function parseEncryptionContext(text: string): ReadonlyMap<string, string> | undefined {
  const context = new Map<string, string>();
  for (const pair of text === "" ? [] : text.split(",")) {
    const [name = "", value, ...others] = pair.split(":");
    if (value === undefined || others.length > 0) return undefined;
    context.set(name, value);
  }
  return context;
}
