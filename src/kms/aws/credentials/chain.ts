import type { KmsPorts } from "../../ports.ts";
import { containerCredentials } from "./container.ts";
import { environmentCredentials } from "./environment.ts";
import type { Broken, FoundCredentials, Lookup } from "./found.ts";
import { machineCredentials } from "./machine.ts";
import { profileCredentials } from "./profile.ts";
import type { SharedFiles } from "./shared-files.ts";
import { webIdentityCredentials } from "./web-identity.ts";

/** Who we are to AWS, or where that was looked for. */
export type ChainResult =
  | { readonly kind: "found"; readonly credentials: FoundCredentials }
  | { readonly kind: "none"; readonly tried: readonly Tried[] }
  | ({ readonly kind: "broken" } & Broken);

export interface Tried {
  readonly where: string;
  readonly problem: string;
}

export interface ChainOptions {
  readonly ports: KmsPorts;
  readonly files: SharedFiles;
  /** That of the key: roles are taken there. */
  readonly region: string;
  /** The profile that was asked for; undefined: that of the environment, or none. */
  readonly profile: string | undefined;
}

/** The profile that the environment names. */
export function environmentProfile({ env }: Pick<KmsPorts, "env">): string | undefined {
  return env("AWS_PROFILE") ?? env("AWS_DEFAULT_PROFILE");
}

/**
 * Looks for credentials where the original does and in its order: a profile that was asked for; else the environment, a web
 * identity, the profile of the environment or `default`, the container, the machine. The first place where something is
 * set up decides. A profile that is named has to be there, even if it is not needed.
 */
export async function findCredentials({ ports, files, region, profile }: ChainOptions): Promise<ChainResult> {
  const named = profile ?? environmentProfile(ports);
  const name = named ?? "default";
  const hasProfile = files.profiles.has(name);
  const tokenFile = ports.env("AWS_WEB_IDENTITY_TOKEN_FILE");
  const ofProfile = () => profileCredentials({ ports, files, region }, name);
  const places: (() => Promise<Lookup> | Lookup)[] = [];
  if (profile !== undefined || (named !== undefined && !hasProfile)) places.push(ofProfile);
  if (profile === undefined) {
    places.push(() => environmentCredentials(ports));
    if (tokenFile !== undefined) places.push(() => webIdentity(ports, tokenFile, region));
    if (hasProfile) places.push(ofProfile);
  }
  places.push(
    () => containerCredentials(ports),
    () => machineCredentials(ports),
  );

  const tried: Tried[] = [];
  for (const place of places) {
    const lookup = await place();
    if (lookup.kind !== "absent") return lookup;
    tried.push({ where: lookup.where, problem: lookup.problem });
  }
  return { kind: "none", tried };
}

async function webIdentity(ports: KmsPorts, tokenFile: string, region: string): Promise<Lookup> {
  return webIdentityCredentials(ports, {
    ...{ tokenFile, region },
    roleArn: ports.env("AWS_ROLE_ARN"),
    sessionName: ports.env("AWS_ROLE_SESSION_NAME"),
    where: "AWS_WEB_IDENTITY_TOKEN_FILE",
  });
}

/** What the original says when no place has credentials: only what is wrong with the last one. */
export function originalOfNone(tried: readonly Tried[]): string {
  return `failed to refresh cached credentials, no EC2 IMDS role found, ${tried.at(-1)?.problem ?? ""}`;
}
