import type { ApiResource, KubeClient } from "../../src/kube/index.ts";
import { fieldAt, type KubeObject, textAt } from "../../src/objects/index.ts";
import { KeyServiceError } from "../../src/sops/index.ts";

const ACCOUNTS: ApiResource = {
  ...{ group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
};

/** A ServiceAccount in whose name key services are asked, for one pass. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly annotations: Readonly<Record<string, string>>;
  /**
   * A token of it for one audience, made at the first call.
   *
   * @throws {KeyServiceError} `KEY_SERVICE_NO_CREDENTIALS`
   */
  token(audience: string): Promise<string>;
}

/** The shortest life that the API server grants: a pass is over long before. */
const LIFETIME_S = 600;

/** The account, or undefined when there is none. It is read anew for each pass: whoever changes its annotations means it. */
export async function readWorkload(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<Workload | undefined> {
  const account = await client.get<KubeObject>(ACCOUNTS, { namespace, name }, signal);
  if (account === undefined) return undefined;
  const tokens = new Map<string, Promise<string>>();
  return {
    ...{ namespace, name, annotations: account.metadata.annotations ?? {} },
    async token(audience) {
      const known = tokens.get(audience) ?? requestToken(client, { namespace, name, audience, signal });
      tokens.set(audience, known);
      return await known;
    },
  };
}

interface TokenWish {
  readonly namespace: string;
  readonly name: string;
  readonly audience: string;
  readonly signal: AbortSignal;
}

/** Source: the Kubernetes API, `authentication.k8s.io/v1`, TokenRequest. */
async function requestToken(client: KubeClient, { namespace, name, audience, signal }: TokenWish): Promise<string> {
  const spec = { audiences: [audience], expirationSeconds: LIFETIME_S };
  const response = await client.raw({
    method: "POST",
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}/token`,
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec }),
    signal,
  });
  const token = response.status === 201 ? textAt(bodyOf(response.body), "status", "token") : undefined;
  if (token !== undefined && /^[\x21-\x7e]{1,16384}$/.test(token)) return token;
  const account = `ServiceAccount ${namespace}/${name}`;
  const state = `the API server answers ${response.status}`;
  throw new KeyServiceError("KEY_SERVICE_NO_CREDENTIALS", `Cannot get a token of ${account}: ${state}`, {
    hints:
      response.status === 403
        ? [`let the controller: a RoleBinding in ${namespace} to the ClusterRole sealkit-tenant-identity`]
        : [],
    original: `failed to create token for ${account}: ${state}`,
  });
}

function bodyOf(bytes: Uint8Array): unknown {
  try {
    return fieldAt({ body: JSON.parse(new TextDecoder().decode(bytes)) }, "body");
  } catch {
    return undefined;
  }
}
