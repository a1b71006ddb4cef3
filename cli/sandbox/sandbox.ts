import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createLog, type Log } from "../../controller/log.ts";
import type { Sandbox } from "../../sandbox/index.ts";
import { systemClock } from "../../src/kube/index.ts";
import { defineCommand, flag } from "../define-command.ts";
import { EXIT } from "../exit-codes.ts";
import { replaceFile } from "../files-adapter.ts";
import type { Io } from "../io.ts";
import { note, write } from "../output.ts";

const DEFAULT_KUBECONFIG = "sealkit-sandbox.kubeconfig";

/** A Kubernetes API in this process, until it is interrupted. */
export const sandboxCommand = defineCommand({
  name: "sandbox",
  summary: "Start a Kubernetes API on this machine, in memory, for trying things out",
  description:
    "It listens on 127.0.0.1 only, keeps everything in memory and runs no containers: Deployments become Ready by\npretence. kubectl, kubeseal and controllers work against it. Ctrl-C ends it and forgets everything.",
  examples: [
    { what: "An empty cluster", command: "sealkit sandbox" },
    { what: "With the controllers at work in it", command: "sealkit sandbox --with-controller" },
    {
      what: "On a fixed port, with the kubeconfig elsewhere",
      command: "sealkit sandbox --port 6443 --kubeconfig ./kc",
    },
  ],
  positionals: { usage: "", max: 0 },
  flags: {
    kubeconfig: flag.text({ default: DEFAULT_KUBECONFIG, placeholder: "FILE", help: "Where to write the kubeconfig" }),
    port: flag.number({ default: 0, max: 65_535, placeholder: "PORT", help: "Port on 127.0.0.1; 0 takes a free one" }),
    withController: flag.toggle({ help: "Install our resource kinds and run the controllers" }),
    noPretendReady: flag.toggle({ help: "Leave the status of Deployments and other workloads alone" }),
  },

  async run({ flags: given, io }) {
    const options = { port: given.port, pretendReady: !given.noPretendReady };
    const { sandbox, close } = given.withController ? await startWhole(io, options) : await startAlone(options);
    try {
      await replaceFile(io, given.kubeconfig, sandbox.kubeconfig(), { mode: 0o600 });
      await write(io.stdout, usage(sandbox, resolve(io.cwd, given.kubeconfig), given.withController));
      await aborted(io.signal);
      await note(io, "Stopping; everything in the sandbox is forgotten.");
      return EXIT.ok;
    } finally {
      await close();
    }
  },
});

interface Started {
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

interface StartOptions {
  readonly port: number;
  readonly pretendReady: boolean;
}

async function startAlone(options: StartOptions): Promise<Started> {
  const { startSandbox } = await import("../../sandbox/index.ts");
  const sandbox = await startSandbox(options);
  return { sandbox, close: () => sandbox.close() };
}

async function startWhole(io: Io, options: StartOptions): Promise<Started> {
  const [{ startWholeCluster }, { sourceFamily }, { kustomizationFamily }, { sealedSecretFamily }] = await Promise.all([
    import("./whole-cluster.ts"),
    import("../../controller/gitrepository/set-up.ts"),
    import("../../controller/kustomization/set-up.ts"),
    import("../../controller/sealedsecret/set-up.ts"),
  ]);
  const folder = await mkdtemp(join(tmpdir(), "sealkit-sandbox-"));
  const forget = () => rm(folder, { recursive: true, force: true });
  try {
    const families = [
      sealedSecretFamily({}),
      sourceFamily({ storagePath: join(folder, "artifacts"), storageAddress: "127.0.0.1:0", tempFolder: folder }),
      kustomizationFamily(),
    ];
    const whole = await startWholeCluster({ ...options, families, log: logTo(io) });
    return {
      sandbox: whole.sandbox,
      close: async () => {
        await whole.close();
        await forget();
      },
    };
  } catch (error) {
    await forget();
    throw error;
  }
}

const logTo = (io: Io): Log =>
  createLog({ clock: systemClock, level: "info", format: "text", write: (line) => void io.stderr.write(line) });

function usage(sandbox: Sandbox, kubeconfig: string, withController: boolean): string {
  const controller = withController
    ? "\nThe controllers run: SealedSecrets are unsealed, GitRepositories and Kustomizations are synced.\n  kubeseal --fetch-cert > cert.pem\n"
    : "";
  return `The sandbox serves a Kubernetes API on ${sandbox.url}, in memory.

  export KUBECONFIG=${quoted(kubeconfig)}
  kubectl get namespaces
${controller}
Ctrl-C ends it.
`;
}

/** For a shell. */
const quoted = (path: string) => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}
