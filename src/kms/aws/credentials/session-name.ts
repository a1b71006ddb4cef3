/** As the original names its sessions: these characters go (its class has the range from `@` to `_`, so `-` goes too). */
const UNFIT = /[^a-zA-Z0-9=,.@-_]+/g;
const MAX_LENGTH = 64;

/** The name under which a role is taken: audit logs of AWS show it. */
export function roleSessionName(hostname: string): string {
  return `sops@${hostname}`.replace(UNFIT, "").slice(0, MAX_LENGTH);
}
