import type { KmsPorts } from "../ports.ts";

/** Where the services of each partition are. Source: the list of AWS service endpoints, by the prefix of the region. */
const PARTITION_SUFFIXES: readonly (readonly [prefix: string, suffix: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["us-isof-", "csp.hci.ic.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["us-iso-", "c2s.ic.gov"],
  ["eusc-", "amazonaws.eu"],
  ["", "amazonaws.com"],
];

/** Whether a text can be a region. It comes from files of others and becomes part of a host name. */
export function isRegion(text: string): boolean {
  return /^[a-z]{2,8}(-[a-z0-9]{1,16}){1,4}$/.test(text);
}

/** Settings of a profile that say where services are; the environment goes before them. */
export type EndpointSettings = (service: "kms" | "sts" | "s3" | undefined) => string | undefined;

/**
 * The address of a service in a region: `AWS_ENDPOINT_URL_KMS`, `AWS_ENDPOINT_URL`, the same settings of the profile, else
 * the public one. Undefined when a setting is no address.
 *
 * Source: the AWS SDK reference guide, "Service-specific endpoints", "Dual-stack and FIPS endpoints".
 */
export function endpointOf(
  { env }: Pick<KmsPorts, "env">,
  service: "kms" | "sts" | "s3",
  region: string,
  settings: EndpointSettings = () => undefined,
): URL | undefined {
  const ignored = env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.toLowerCase() === "true";
  const configured = ignored
    ? undefined
    : (env(`AWS_ENDPOINT_URL_${service.toUpperCase()}`) ??
      env("AWS_ENDPOINT_URL") ??
      settings(service) ??
      settings(undefined));
  if (configured !== undefined) {
    const url = URL.canParse(configured) ? new URL(configured) : undefined;
    return url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" ? url : undefined;
  }
  const fips = isTrue(env("AWS_USE_FIPS_ENDPOINT")) ? "-fips" : "";
  const suffix = PARTITION_SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "amazonaws.com";
  if (!isTrue(env("AWS_USE_DUALSTACK_ENDPOINT"))) return new URL(`https://${service}${fips}.${region}.${suffix}/`);
  return service === "s3"
    ? new URL(`https://s3${fips}.dualstack.${region}.${suffix}/`)
    : new URL(`https://${service}${fips}.${region}.${suffix.replace("amazonaws.com", "api.aws")}/`);
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === "true";
}
