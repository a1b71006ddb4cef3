import { decodeUtf8 } from "../../../bytes/utf8.ts";
import type { KmsPorts } from "../../ports.ts";
import type { EndpointSettings } from "../endpoint.ts";
import { assumeRole } from "../sts.ts";
import { broken, type Lookup } from "./found.ts";

export interface WebIdentity {
  readonly tokenFile: string;
  readonly roleArn: string | undefined;
  readonly sessionName: string | undefined;
  readonly region: string;
  readonly endpoints?: EndpointSettings | undefined;
  readonly where: string;
}

/** The role that a token stands for: Kubernetes service accounts, CI systems. The file is read anew each time. */
export async function webIdentityCredentials(
  ports: KmsPorts,
  { tokenFile, roleArn, sessionName, region, endpoints, where }: WebIdentity,
): Promise<Lookup> {
  if (roleArn === undefined) return broken(where, "no role is named for it (AWS_ROLE_ARN)");
  const bytes = await ports.readFile(tokenFile);
  const token = bytes === undefined ? undefined : decodeUtf8(bytes)?.trim();
  if (!token) return broken(where, `its token file ${JSON.stringify(tokenFile)} cannot be read or is empty`);
  return assumeRole(ports, {
    action: "AssumeRoleWithWebIdentity",
    ...{ roleArn, region, endpoints, webIdentityToken: token, where },
    sessionName: sessionName ?? String(ports.now().getTime()),
  });
}
