/** What a client needs to reach a sandbox. */
export interface Endpoint {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

/** A kubeconfig with one cluster, one user and one context, all called `sealkit-sandbox`. Holds the token. */
export function kubeconfigText({ url, caPem, token }: Endpoint, name = "sealkit-sandbox"): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: ${name}
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(caPem).toString("base64")}
users:
- name: ${name}
  user:
    token: ${token}
contexts:
- name: ${name}
  context:
    cluster: ${name}
    user: ${name}
    namespace: default
current-context: ${name}
`;
}
