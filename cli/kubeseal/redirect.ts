import { KubesealError } from "./errors.ts";

/**
 * Where an answer to `from` leads, as an absolute URL. Whoever can change what comes over http can put a certificate of
 * their own into it, and read what is sealed with it: so https leads to https only.
 *
 * @throws {KubesealError} `KUBESEAL_CERTIFICATE` for any other way.
 */
export function redirectTarget(from: string, location: string): string {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  const allowed = new URL(from).protocol === "https:" ? ["https:"] : ["https:", "http:"];
  if (to !== undefined && allowed.includes(to.protocol)) return to.href;
  const where = to === undefined ? "what is no URL" : `${to.protocol}//${to.host}`;
  throw new KubesealError("KUBESEAL_CERTIFICATE", `Get "${from}": redirected to ${where}, which is not trusted`, {
    hints: ["fetch the certificate by hand, check it, and name the file with --cert"],
  });
}
