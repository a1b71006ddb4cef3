import { type ApiResource, type KubeClient, sleep, systemClock } from "../../src/kube/index.ts";
import { type KubeObject, listAt, textAt } from "../../src/objects/index.ts";
import { SYNC_NAMESPACE } from "../sandbox/whole-cluster.ts";
import { PreviewError } from "./errors.ts";

export const PREVIEW_NAME = "sealkit-preview";

const GIT_REPOSITORIES: ApiResource = {
  group: "source.toolkit.fluxcd.io",
  version: "v1",
  plural: "gitrepositories",
  kind: "GitRepository",
  namespaced: true,
};

export const KUSTOMIZATIONS: ApiResource = {
  group: "kustomize.toolkit.fluxcd.io",
  version: "v1",
  plural: "kustomizations",
  kind: "Kustomization",
  namespaced: true,
};

const SECRETS: ApiResource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };

export interface BringInOptions {
  readonly url: string;
  readonly path: string;
  readonly branch: string;
  /** What the repository asks for before it is read. */
  readonly login?: { readonly username: string; readonly password: string } | undefined;
  /** Texts of age key files. */
  readonly ageKeys: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Brings a repository into the cluster, as a GitRepository and a Kustomization, and waits for the end.
 *
 * @throws {PreviewError} `PREVIEW_FAILED` with the controller's words, `PREVIEW_TIMEOUT`
 */
export async function bringIn(client: KubeClient, options: BringInOptions): Promise<void> {
  const { url, path, branch, ageKeys, login } = options;
  const metadata = { name: PREVIEW_NAME, namespace: SYNC_NAMESPACE };
  const secretRef = { name: PREVIEW_NAME };
  const texts = [...Object.entries(login ?? {}), ...ageKeys.map((text, at) => [`key${at}.agekey`, text] as const)];
  const data = Object.fromEntries(texts.map(([item, text]) => [item, Buffer.from(text).toString("base64")]));
  if (texts.length > 0) await client.create(SECRETS, { apiVersion: "v1", kind: "Secret", metadata, data });
  await client.create(GIT_REPOSITORIES, {
    apiVersion: "source.toolkit.fluxcd.io/v1",
    kind: "GitRepository",
    metadata,
    spec: { url, interval: "1h", ref: { branch }, ...(login === undefined ? {} : { secretRef }) },
  });
  await untilReady(client, GIT_REPOSITORIES, options);
  await client.create(KUSTOMIZATIONS, {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata,
    spec: {
      sourceRef: { kind: "GitRepository", name: PREVIEW_NAME },
      path,
      prune: true,
      interval: "1h",
      ...(ageKeys.length === 0 ? {} : { decryption: { provider: "sops", secretRef } }),
    },
  });
  await untilReady(client, KUSTOMIZATIONS, options);
}

const POLL_MS = 50;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

async function untilReady(
  client: KubeClient,
  resource: ApiResource,
  { ageKeys, timeoutMs, signal }: Pick<BringInOptions, "ageKeys" | "timeoutMs" | "signal">,
): Promise<void> {
  const deadline = systemClock.now() + timeoutMs;
  for (;;) {
    const object = await client.get<KubeObject>(resource, { namespace: SYNC_NAMESPACE, name: PREVIEW_NAME });
    const condition = object === undefined ? undefined : conditionOf(object, "Ready");
    if (condition?.status === "True") return;
    if (condition?.status === "False") {
      throw new PreviewError("PREVIEW_FAILED", `Cannot bring the repository in: ${resource.kind} failed`, {
        details: [condition.reason, ...condition.message.split("\n")].slice(0, 40),
        hints: hintsFor(condition.message, ageKeys.length > 0),
      });
    }
    if (systemClock.now() > deadline) {
      throw new PreviewError(
        "PREVIEW_TIMEOUT",
        `Cannot bring the repository in: ${resource.kind} is not done in time`,
        {
          details: condition === undefined ? [] : [condition.message],
          hints: ["give it longer with --timeout"],
        },
      );
    }
    await sleep(systemClock, POLL_MS, signal);
    signal.throwIfAborted();
  }
}

/** A condition of an object, once the controller has seen the object as it is. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const found = listAt(object, "status", "conditions").find((entry) => textAt(entry, "type") === type);
  if (found === undefined) return undefined;
  const text = (name: string) => textAt(found, name) ?? "";
  return { type, status: text("status"), reason: text("reason"), message: text("message") };
}

function hintsFor(message: string, hasKeys: boolean): readonly string[] {
  const namespace = /namespaces "([^"]+)" not found/.exec(message)?.[1];
  if (namespace !== undefined) return [`if the namespace comes from elsewhere: --create-namespace ${namespace}`];
  if (message.includes("kustomization path not found")) return ["--path names a folder below the repository's root"];
  if (/failed to checkout|unable to clone/.test(message)) {
    return ["check the URL, and --branch: git ls-remote URL shows what is there"];
  }
  const wantsKey = !hasKeys || /data key|no identity|identities/i.test(message);
  return wantsKey && /decrypt|identity/i.test(message) ? ["name the key that opens it: --age-key-file FILE"] : [];
}
