import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cluster } from "./cluster.ts";
import { OWN_ADDRESS } from "./own-network.ts";
import { type Running, runProcess, until } from "./process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/bin/sealkit.cjs");

/** Our command line as a program. Throws when the package has not been built. */
export function sealkitProgram(): readonly string[] {
  if (!existsSync(program))
    throw new Error(`Cannot use sealkit as a program: ${program} is not there; run npm run build`);
  return [process.execPath, program];
}

/** Builds the command line when it is not there, or older than a source file. */
export async function buildSealkit(): Promise<void> {
  const newest = Math.max(
    ...["src", "cli", "controller", "sandbox", "tools"].map((folder) => newestBelow(join(root, folder))),
  );
  if (existsSync(program) && statSync(program).mtimeMs > newest) return;
  const built = await runProcess([process.execPath, join(root, "tools/build.mjs"), "--cli-only"]);
  if (built.code !== 0) throw new Error(`Cannot build sealkit\n${built.stderr}`);
}

function newestBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((newest, { parentPath, name }) => Math.max(newest, statSync(join(parentPath, name)).mtimeMs), 0);
}

/** Our controller as a process of its own. */
export interface OurController {
  readonly running: Running;
  /** Of its certificate, verify and rotate interface. */
  readonly port: number;
  readonly metricsPort: number;
  /** Asks its HTTP interface; undefined while it cannot be reached. Not from within a network namespace. */
  ask(path: string, body?: string): Promise<{ status: number; text: string } | undefined>;
  stop(): Promise<void>;
}

export interface ControllerOptions {
  readonly controllers?: string;
  readonly args?: readonly string[];
  readonly port?: number;
  readonly kubeconfig?: string;
  readonly log?: string;
  /** Do not wait until it is ready. */
  readonly impatient?: boolean;
}

let lastPort = 20_000 + (process.pid % 300) * 20;

/** Starts `sealkit controller` against the cluster and waits until it says that it is ready. */
export async function startController(cluster: Cluster, options: ControllerOptions = {}): Promise<OurController> {
  const host = cluster.network === undefined ? "127.0.0.1" : OWN_ADDRESS;
  lastPort += 2;
  const port = options.port ?? lastPort;
  const metricsPort = port + 1;
  const where = cluster.network === undefined ? "outer" : "inner";
  const running = cluster.start(
    [
      ...sealkitProgram(),
      "controller",
      `--controllers=${options.controllers ?? "sealedsecret"}`,
      `--kubeconfig=${options.kubeconfig ?? cluster.kubeconfigOf("admin", where)}`,
      `--listen-addr=${host}:${port}`,
      `--listen-metrics-addr=${host}:${metricsPort}`,
      ...(options.args ?? []),
    ],
    {
      log: options.log ?? join(cluster.folder, `sealkit-${port}.log`),
      env: { ...process.env, POD_NAMESPACE: "kube-system", HOME: cluster.folder },
    },
  );
  const ask: OurController["ask"] = async (path, body) => {
    const init = { signal: AbortSignal.timeout(10_000), ...(body === undefined ? {} : { method: "POST", body }) };
    return await fetch(`http://${host}:${port}${path}`, init).then(
      async (answer) => ({ status: answer.status, text: await answer.text() }),
      () => undefined,
    );
  };
  const isReady = async () => {
    if (!running.alive()) throw new Error(`the controller ended with ${await running.ended}\n${running.tail()}`);
    if (cluster.network === undefined) return (await ask("/readyz"))?.status === 200;
    const script = "fetch(process.argv[1]).then((r) => process.exit(r.status === 200 ? 0 : 1), () => process.exit(1))";
    return (await cluster.run([process.execPath, "-e", script, `http://${host}:${port}/readyz`])).code === 0;
  };
  if (options.impatient !== true) {
    await until("the controller is ready", isReady, { timeoutMs: 60_000, why: () => running.tail() });
  }
  return { running, port, metricsPort, ask, stop: () => running.stop() };
}
