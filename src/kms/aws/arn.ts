import { isRegion } from "./endpoint.ts";

const KMS_ARN = /^arn:aws[\w-]*:kms:(.+):[0-9]+:(?:key|alias)\/.+$/;

/** The region of a KMS key; why there is none otherwise. What stands there becomes part of a host name. */
export function regionOfKey(
  arn: string,
): { readonly region: string } | { readonly problem: string; readonly original: string } {
  const region = KMS_ARN.exec(arn)?.[1];
  if (region === undefined) return { problem: "it is no ARN of a KMS key", original: `no valid ARN found in '${arn}'` };
  if (isRegion(region)) return { region };
  return { problem: "its region is none", original: `failed to bind endpoint params, invalid input region ${region}` };
}
