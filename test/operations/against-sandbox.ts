import { install } from "../../cli/sandbox/whole-cluster.ts";
import type { Log } from "../../controller/log.ts";
import { startSandbox } from "../../sandbox/index.ts";
import { createKubeClient } from "../../src/kube/index.ts";
import type { SealingKeyPair } from "../../src/x509/index.ts";
import { controllerOf, prepareNamespaces } from "./cluster.ts";
import { type Report, runScript } from "./run.ts";
import type { Burst } from "./script.ts";

/** Runs a script against a fresh sandbox in this process. */
export async function runAgainstSandbox(
  script: readonly Burst[],
  { pool, log, patienceMs = 15_000 }: { pool: readonly SealingKeyPair[]; log?: Log; patienceMs?: number },
): Promise<Report> {
  const sandbox = await startSandbox({ pretendReady: false });
  const { url: server, caPem: ca, adminToken } = sandbox;
  const config = { server, ca, authorize: async () => ({ authorization: `Bearer ${adminToken}` }) };
  const [writer, theirs] = [createKubeClient(config), createKubeClient(config)];
  const controller = controllerOf(theirs, log);
  try {
    await install(writer);
    await prepareNamespaces(writer);
    const forget = () => sandbox.compact();
    return await runScript(script, { client: writer, pool, controller, forget, patienceMs, quietMs: 30 });
  } finally {
    await controller.stop();
    await Promise.all([writer.close(), theirs.close()]);
    await sandbox.close();
  }
}
