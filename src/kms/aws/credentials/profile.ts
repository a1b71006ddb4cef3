import { shellWord } from "../../../bytes/shell-word.ts";
import type { KmsPorts } from "../../ports.ts";
import type { EndpointSettings } from "../endpoint.ts";
import { assumeRole } from "../sts.ts";
import { containerCredentials } from "./container.ts";
import { environmentCredentials } from "./environment.ts";
import { absent, broken, found, type Lookup } from "./found.ts";
import { machineCredentials } from "./machine.ts";
import { programCredentials } from "./program.ts";
import type { Profile, SharedFiles } from "./shared-files.ts";
import { ssoCredentials } from "./sso.ts";
import { webIdentityCredentials } from "./web-identity.ts";

export interface ProfileLookup {
  readonly ports: KmsPorts;
  readonly files: SharedFiles;
  readonly region: string;
}

/** A role of a role of a role: more than anybody has. */
const MAX_CHAIN = 10;

/** The credentials that a profile describes. `absent` when it says nothing about credentials. */
export async function profileCredentials(look: ProfileLookup, name: string): Promise<Lookup> {
  return followProfile(look, name, []);
}

async function followProfile(look: ProfileLookup, name: string, from: readonly string[]): Promise<Lookup> {
  const { ports, files, region } = look;
  const where = `profile ${JSON.stringify(name)} (${files.shownPaths})`;
  const profile = files.profiles.get(name);
  if (profile === undefined) return missingProfile(name, where);
  const roleArn = profile.get("role_arn");
  const tokenFile = profile.get("web_identity_token_file");
  if (tokenFile !== undefined && roleArn !== undefined) {
    const endpoints = endpointsOf(profile, files);
    const sessionName = profile.get("role_session_name");
    return webIdentityCredentials(ports, { tokenFile, roleArn, sessionName, region, endpoints, where });
  }
  // A profile that is its own source stands with its own keys.
  if (roleArn === undefined || from.at(-1) === name) return ownCredentials(look, { name, profile, where });
  if (from.includes(name) || from.length >= MAX_CHAIN) return broken(where, "its source profiles go round in a circle");
  if (profile.has("mfa_serial")) {
    return broken(where, "its role wants a code of an MFA device, and nobody is asked for one", {
      original:
        "could not load AWS config: assume role with MFA enabled, but AssumeRoleTokenProvider session option not set.",
      hint: exportedBy(name),
    });
  }
  const source = await sourceOf(look, { name, profile, where, from });
  if (source.kind !== "found") return source.kind === "absent" ? broken(source.where, source.problem) : source;
  return takeRole(look, { profile, roleArn, where, source });
}

interface Step {
  readonly name: string;
  readonly profile: Profile;
  readonly where: string;
  readonly from: readonly string[];
}

/** With whose credentials the role of a profile is taken. */
async function sourceOf(look: ProfileLookup, { name, profile, where, from }: Step): Promise<Lookup> {
  const sourceProfile = profile.get("source_profile");
  const sourceKind = profile.get("credential_source");
  if (sourceProfile !== undefined) return followProfile(look, sourceProfile, [...from, name]);
  switch (sourceKind) {
    case "Environment":
      return environmentCredentials(look.ports);
    case "EcsContainer":
      return containerCredentials(look.ports);
    case "Ec2InstanceMetadata":
      return machineCredentials(look.ports);
    case undefined:
      return broken(where, "it has a role_arn, but neither source_profile nor credential_source");
    default:
      return broken(where, "its credential_source is none of Environment, EcsContainer, Ec2InstanceMetadata");
  }
}

async function takeRole(
  { ports, files, region }: ProfileLookup,
  {
    profile,
    roleArn,
    where,
    source,
  }: { profile: Profile; roleArn: string; where: string; source: Lookup & { kind: "found" } },
): Promise<Lookup> {
  const duration = profile.get("duration_seconds");
  if (duration !== undefined && !/^\d{1,6}$/.test(duration)) return broken(where, "its duration_seconds is no number");
  return assumeRole(ports, {
    action: "AssumeRole",
    ...{ roleArn, region, where, credentials: source.credentials },
    sessionName: profile.get("role_session_name") ?? `sealkit-${ports.now().getTime()}`,
    durationSeconds: duration === undefined ? undefined : Number(duration),
    externalId: profile.get("external_id"),
    endpoints: endpointsOf(profile, files),
  });
}

async function ownCredentials(
  { ports, files }: ProfileLookup,
  { name, profile, where }: Omit<Step, "from">,
): Promise<Lookup> {
  const accessKeyId = profile.get("aws_access_key_id");
  const secretAccessKey = profile.get("aws_secret_access_key");
  if (accessKeyId && secretAccessKey) {
    return found({ accessKeyId, secretAccessKey, sessionToken: profile.get("aws_session_token") || undefined, where });
  }
  if (accessKeyId || secretAccessKey) return broken(where, "it has one half of an access key");
  if (profile.has("login_session")) {
    return broken(where, "sessions of `aws login` are not supported", { hint: exportedBy(name) });
  }
  if (profile.has("sso_session") || profile.has("sso_start_url")) return ssoCredentials(ports, files, profile, where);
  const command = profile.get("credential_process");
  if (command !== undefined) return programCredentials(ports, command, where);
  return absent(where, "it has no credentials");
}

/** The command line of AWS asks for codes, and knows every way to log in; it prints lines for a shell. */
function exportedBy(profile: string): string {
  return `eval "$(aws configure export-credentials --profile ${shellWord(profile)} --format env)", and unset AWS_PROFILE`;
}

function missingProfile(name: string, where: string): Lookup {
  return broken(where, "there is no such profile", {
    original: `could not load AWS config: failed to get shared config profile, ${name}`,
    hint: "aws configure list-profiles",
  });
}

/** Where a profile says that services are. */
export function endpointsOf(profile: Profile | undefined, { services }: SharedFiles): EndpointSettings {
  const own = services.get(profile?.get("services") ?? "");
  return (service) => (service === undefined ? profile?.get("endpoint_url") : own?.get(`${service}.endpoint_url`));
}
