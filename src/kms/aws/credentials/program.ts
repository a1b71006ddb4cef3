import type { KmsPorts } from "../../ports.ts";
import { absent, broken, type Lookup } from "./found.ts";
import { temporaryCredentials } from "./temporary.ts";

/**
 * Credentials that a program prints: `credential_process`. It is started without a shell, so `~`, variables and pipes mean
 * nothing in its line.
 *
 * Source: the AWS SDK reference guide, "Process credential provider".
 */
export async function programCredentials(ports: KmsPorts, line: string, where: string): Promise<Lookup> {
  const place = `credential_process of ${where}`;
  if (ports.run === undefined) return absent(place, "no programs are run here");
  const outcome = await ports.run(line);
  if (outcome.kind === "failed") return broken(place, outcome.problem);
  return temporaryCredentials({ body: outcome.stdout }, place);
}
