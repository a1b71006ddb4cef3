import { DEFAULT_KEY_PREFIX, forbidden, lackOf, missingRightIn } from "../../src/keys/index.ts";
import { createKubeClient, type KubeClient, loadClusterConfig, noRetries } from "../../src/kube/index.ts";
import { clusterFlags, selectionOf } from "../cluster-flags.ts";
import { flag } from "../define-command.ts";
import type { Io } from "../io.ts";

/** Flags of every command about keys: which cluster, and where in it the keys are. */
export const placeFlags = {
  controllerNamespace: flag.text({
    placeholder: "NAME",
    default: "kube-system",
    help: "Namespace of the controller, where its keys are",
    group: "Cluster",
  }),
  controllerName: flag.text({
    placeholder: "NAME",
    default: "sealed-secrets-controller",
    help: "Service of the controller",
    group: "Cluster",
  }),
  keyPrefix: flag.text({
    placeholder: "NAME",
    default: DEFAULT_KEY_PREFIX,
    help: "How the names of the keys begin",
    group: "Cluster",
  }),
  ...clusterFlags,
};

export interface PlaceFlags {
  readonly controllerNamespace: string;
  readonly controllerName: string;
  readonly keyPrefix: string;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** Runs `work` with a client of the cluster, and lets go of it afterwards. */
export async function withCluster<Result>(
  flags: PlaceFlags,
  io: Io,
  work: (client: KubeClient) => Promise<Result>,
): Promise<Result> {
  const config = await loadClusterConfig(selectionOf(flags, io));
  const client = createKubeClient(config, { userAgent: "sealkit", retries: noRetries });
  try {
    return await work(client);
  } catch (cause) {
    // Whoever lacks a right is told which.
    throw forbidden(cause) ?? cause;
  } finally {
    await client.close();
  }
}

/** Asks the controller of that cluster for its certificate; throws `KubeError` while it is not there. */
export function certificateFetcher(flags: PlaceFlags, io: Io): () => Promise<string> {
  return async () => {
    const { fetchCertificate } = await import("../kubeseal/controller.ts");
    const { KubesealError } = await import("../kubeseal/errors.ts");
    const { KubeError } = await import("../../src/kube/index.ts");
    try {
      return new TextDecoder().decode(await fetchCertificate({ ...flags, selection: selectionOf(flags, io) }, io));
    } catch (cause) {
      if (!(cause instanceof KubesealError)) throw cause;
      const right = missingRightIn(cause.message);
      if (right !== undefined) throw lackOf(right, cause);
      throw new KubeError("KUBE_UNREACHABLE", cause.message, { apiMessage: cause.message.split("\n")[0] ?? "", cause });
    }
  };
}

export function keyPlace({ controllerNamespace, keyPrefix }: PlaceFlags): { namespace: string; prefix: string } {
  return { namespace: controllerNamespace, prefix: keyPrefix };
}
