import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AskedRequest, type FakeApi, kubeconfigOf, startFakeApi } from "../../helpers/fakes/api.ts";
import { type CaseKeys, caseKeys } from "../../helpers/kubeseal/cases.ts";
import type { Stage } from "../../helpers/kubeseal/comparison.ts";
import { runCli } from "../../helpers/run-cli.ts";
import { type Pages, startPages } from "./pages.ts";

export const SECRET = `apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: apps
data:
  user: YWRtaW4=
stringData:
  pass: correct horse
`;

const LOGIN = `#!/bin/sh
echo "{\\"apiVersion\\": \\"client.authentication.k8s.io/v1\\", \\"kind\\": \\"ExecCredential\\", \\"status\\": {\\"token\\": \\"$NAME\\"}}"
`;

async function startServers({ certificate, tokens }: CaseKeys): Promise<{ api: FakeApi; pages: Pages }> {
  const certificates = { "*": certificate, expired: tokens.get("@CERT_EXPIRED") ?? "" };
  return { api: await startFakeApi({ certificates }), pages: await startPages(certificate) };
}

/** The Service is asked for in other forms: the original also reads protobuf. */
function comparable({ headers, body, ...request }: AskedRequest) {
  const { accept, ...others } = headers;
  return {
    ...request,
    headers: request.url.includes("/proxy/") ? { accept, ...others } : others,
    body: sortedJson(body),
  };
}

/** The order of fields on the wire is nobody's business. */
function sortedJson(body: string): unknown {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, sorted(item)]),
    );
  };
  try {
    return sorted(JSON.parse(body));
  } catch {
    return body;
  }
}

/** Files that every run finds, made with fresh keys. */
export async function makeStage(): Promise<Stage & { close(): Promise<void> }> {
  const seal = async (args: readonly string[], stdin: string, certificate: string) =>
    (await runCli(["kubeseal", "--cert", "c.pem", ...args], { stdin, files: { "c.pem": certificate } })).stdout;
  const made = await caseKeys(seal);
  const token = (name: string) => made.tokens.get(name) ?? "";
  const sealed = (...args: readonly string[]) => seal(args, SECRET, made.certificate);
  const full = readFileSync(join(import.meta.dirname, "full-secret.yaml"), "utf8");
  const files = {
    "cert.pem": made.certificate,
    "ec.pem": token("@CERT_EC"),
    "expired.pem": token("@CERT_EXPIRED"),
    "future.pem": token("@CERT_FUTURE"),
    "chain.pem": token("@CERT_CHAIN"),
    "public.pem": token("@PUBKEY"),
    "key.pem": token("@KEY"),
    "key1.pem": token("@KEY_PKCS1"),
    "other-key.pem": token("@KEY_OTHER"),
    "ec-key.pem": token("@KEY_EC"),
    "key-secret.yaml": token("@KEYSECRET_YAML"),
    "key-list.json": token("@KEYLIST_JSON"),
    empty: "",
    "secret.yaml": SECRET,
    "full.yaml": full,
    "sealed.yaml": await sealed("-o", "yaml"),
    "sealed.json": await sealed(),
    "sealed-nsw.yaml": await sealed("-o", "yaml", "--scope", "namespace-wide"),
    "sealed-cw.yaml": await sealed("-o", "yaml", "--scope", "cluster-wide"),
    "sealed-full.yaml": await seal(["-o", "yaml"], full, made.certificate),
    kc: token("@KUBECONFIG"),
    "kc-ns": token("@KUBECONFIG_CTXNS"),
  };
  const { api, pages } = await startServers(made);
  const many = {
    clusters: [
      { name: "c", cluster: { server: api.url } },
      { name: "dead", cluster: { server: "http://127.0.0.1:1" } },
    ],
    users: [
      { name: "basic", user: { username: "u", password: "p" } },
      { name: "both", user: { token: "t", username: "u", password: "p" } },
    ],
    contexts: [
      { name: "first", context: { cluster: "dead", user: "both" } },
      { name: "second", context: { cluster: "c", user: "both", namespace: "other" } },
    ],
  };
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "./login.sh",
    interactiveMode: "Never",
    env: [{ name: "NAME", value: "by-plugin" }],
  };
  const kubeconfigs = {
    "kc-api": kubeconfigOf(api.url),
    "kc-api-ns": kubeconfigOf(api.url, { namespace: "ctxns" }),
    "kc-api-none": kubeconfigOf(api.url, { user: {} }),
    "kc-api-file": kubeconfigOf(api.url, { user: { tokenFile: "token" } }),
    "kc-api-exec": kubeconfigOf(api.url, { user: { exec } }),
    "kc-api-as": kubeconfigOf(api.url, { user: { token: "t", as: "other", "as-groups": ["g", "h"], "as-uid": "7" } }),
    "kc-api-path": kubeconfigOf(`${api.url}/clusters/a/`),
    "kc-api-nowhere": kubeconfigOf("http://127.0.0.1:1"),
    "kc-api-many": JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "second", ...many }),
    token: "from-file\n",
    "login.sh": LOGIN,
  };
  const words = ["apps", "db", "default", "other", "ctxns", "x", "a", "b", "name", "ns"];
  return {
    files: { ...files, ...kubeconfigs },
    keys: [token("@KEY"), token("@KEY_OTHER")],
    words,
    places: { "@API": api.url, "@PAGES": pages.url },
    asked: () => {
      const asked = api.requests.map(comparable);
      api.forget();
      return asked;
    },
    close: async () => {
      await api.close();
      await pages.close();
    },
  };
}
