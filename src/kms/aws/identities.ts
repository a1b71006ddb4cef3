import type { KmsPorts } from "../ports.ts";
import { type ChainResult, environmentProfile, findCredentials } from "./credentials/chain.ts";
import type { Lookup } from "./credentials/found.ts";
import { endpointsOf } from "./credentials/profile.ts";
import { remembered } from "./credentials/remembered.ts";
import { roleSessionName } from "./credentials/session-name.ts";
import { readSharedFiles, type SharedFiles } from "./credentials/shared-files.ts";
import type { EndpointSettings } from "./endpoint.ts";
import type { AwsCredentials } from "./sigv4.ts";
import { assumeRole } from "./sts.ts";

/** As whom something is asked. */
export interface Identity {
  readonly region: string;
  /** `""`: that of the environment, or none. */
  readonly profile: string;
  /** The role to take with the credentials that were found; `""` for none. */
  readonly role: string;
}

/** Who we are to AWS: found once for each profile, role and region, renewed before it ends. */
export interface Identities {
  credentials(identity: Identity): Promise<ChainResult>;
  /** Where a profile says that services are. */
  endpoints(profile: string): Promise<EndpointSettings>;
  /** A setting of a profile. */
  setting(profile: string, name: string): Promise<string | undefined>;
}

/**
 * Identities of this machine and user; with `only`, those credentials and no others: neither files nor metadata services
 * are looked at.
 */
export function awsIdentities(ports: KmsPorts, only?: AwsCredentials): Identities {
  let files: Promise<SharedFiles> | undefined;
  const readFiles = () => (files ??= readSharedFiles(ports));
  const known = new Map<string, () => Promise<ChainResult>>();

  const base = async ({ region, profile }: Identity): Promise<ChainResult> => {
    if (only !== undefined)
      return { kind: "found", credentials: { ...only, where: "the credentials that were given" } };
    return findCredentials({ ports, files: await readFiles(), region, profile: profile || undefined });
  };

  const profileOf = (read: SharedFiles, profile: string) =>
    read.profiles.get(profile || (environmentProfile(ports) ?? "default"));

  const setting = async (profile: string, name: string): Promise<string | undefined> =>
    only === undefined ? profileOf(await readFiles(), profile)?.get(name) : undefined;

  const endpoints = async (profile: string): Promise<EndpointSettings> => {
    if (only !== undefined) return () => undefined;
    const read = await readFiles();
    return endpointsOf(profileOf(read, profile), read);
  };

  const withRole = async (identity: Identity): Promise<ChainResult> => {
    const own = await credentials({ ...identity, role: "" });
    if (own.kind !== "found") return own;
    const { role: roleArn, region } = identity;
    const lookup = await assumeRole(ports, {
      ...{ action: "AssumeRole", roleArn, region, credentials: own.credentials, where: `role ${roleArn}` },
      sessionName: roleSessionName(ports.hostname),
      endpoints: await endpoints(identity.profile),
    });
    return lookup.kind === "broken"
      ? { ...lookup, original: `failed to assume role '${roleArn}': ${lookup.original ?? lookup.problem}` }
      : found(lookup);
  };

  const credentials = async (identity: Identity): Promise<ChainResult> => {
    const name = JSON.stringify([identity.profile, identity.role, identity.region]);
    const ask =
      known.get(name) ?? remembered(() => (identity.role === "" ? base(identity) : withRole(identity)), ports.now);
    known.set(name, ask);
    return ask();
  };

  return { credentials, endpoints, setting };
}

function found(lookup: Lookup): ChainResult {
  return lookup.kind === "absent" ? { kind: "none", tried: [lookup] } : lookup;
}
