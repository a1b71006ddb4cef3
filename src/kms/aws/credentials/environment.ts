import type { KmsPorts } from "../../ports.ts";
import { absent, found, type Lookup } from "./found.ts";

/** Keys in the environment. Source: the AWS SDK reference guide, "AWS access keys". */
export function environmentCredentials({ env }: Pick<KmsPorts, "env">): Lookup {
  const accessKeyId = env("AWS_ACCESS_KEY_ID") ?? env("AWS_ACCESS_KEY");
  const secretAccessKey = env("AWS_SECRET_ACCESS_KEY") ?? env("AWS_SECRET_KEY");
  const where = "AWS_ACCESS_KEY_ID";
  if (accessKeyId === undefined) return absent(where, "not set");
  if (secretAccessKey === undefined) return absent(where, "AWS_SECRET_ACCESS_KEY is not set");
  return found({ accessKeyId, secretAccessKey, sessionToken: env("AWS_SESSION_TOKEN"), where });
}
