import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, removeAtExit, startProcess, until } from "./process.ts";
import { mayBeMissing } from "./vitest/if-present.ts";

/** The address that programs inside see each other under. The API server's proxy refuses 127.0.0.0/8, so it is not loopback by range. */
export const OWN_ADDRESS = "10.77.0.1";

/** A network namespace: nothing in it can be reached from outside but through `forward`. */
export interface OwnNetwork {
  /** What to put before a command to run it inside. */
  readonly enter: readonly string[];
  /** Makes `host:port` of the inside reachable as a port of 127.0.0.1 outside. */
  forward(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/** Unix sockets cross network namespaces, so one program inside passes connections on: first line `host:port`, then bytes. */
const RELAY = `
const net = require("node:net");
net.createServer((from) => {
  from.on("error", () => from.destroy());
  from.once("readable", function read() {
    let head = "";
    for (let byte; (byte = from.read(1)) !== null; ) {
      if (byte[0] === 10) {
        const at = head.lastIndexOf(":");
        const to = net.connect(Number(head.slice(at + 1)), head.slice(0, at));
        to.on("error", () => from.destroy());
        to.on("close", () => from.destroy());
        from.on("close", () => to.destroy());
        from.pipe(to).pipe(from);
        return;
      }
      head += String.fromCharCode(byte[0]);
    }
    from.once("readable", read);
  });
}).listen(process.argv[2]);
`;

const asRoot = process.getuid?.() === 0;
const UNSHARE = ["unshare", ...(asRoot ? [] : ["--map-root-user"])];

/**
 * Whether tests do without: the machine does not let us make namespaces (not Linux, or a container without the right), and
 * they were told that this may be so. Else they fail where they begin.
 */
export function doesWithoutOwnNetwork(): boolean {
  const [program = "", ...args] = [...UNSHARE, "-n", "-m", "ip", "link", "set", "lo", "up"];
  return mayBeMissing && (process.platform !== "linux" || spawnSync(program, args).status !== 0);
}

/** What to put before a command to run it with mounts of its own. */
export const OWN_MOUNTS: readonly string[] = [...UNSHARE, "-m"];

/** Makes a network namespace with a loopback and `OWN_ADDRESS`. */
export async function startOwnNetwork(): Promise<OwnNetwork> {
  const folder = mkdtempSync(join(tmpdir(), "sealkit-net-"));
  const forget = removeAtExit(folder);
  const socket = join(folder, "relay.sock");
  writeFileSync(join(folder, "relay.cjs"), RELAY);
  const setUp = `ip link set lo up && ip addr add ${OWN_ADDRESS}/32 dev lo && exec "$@"`;
  const holder: Running = startProcess(
    [...UNSHARE, "-n", "sh", "-c", setUp, "sh", process.execPath, join(folder, "relay.cjs"), socket],
    { log: join(folder, "relay.log") },
  );
  const reachable = () =>
    new Promise<boolean>((resolve) => {
      const probe = connect(socket, () => {
        probe.destroy();
        resolve(true);
      }).on("error", () => resolve(false));
    });
  await until("the network namespace is up", reachable, { timeoutMs: 15_000, why: () => holder.tail() });

  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const inNamespace = asRoot ? ["-n"] : ["-U", "--preserve-credentials", "-n"];
  return {
    enter: ["nsenter", "-t", String(holder.pid), ...inNamespace, "--"],
    async forward(host, port) {
      const server = createServer((from) => {
        const to = connect(socket);
        to.write(`${host}:${port}\n`);
        for (const [one, other] of [
          [from, to],
          [to, from],
        ] as const) {
          sockets.add(one);
          one.on("error", () => one.destroy());
          one.on("close", () => {
            sockets.delete(one);
            other.destroy();
          });
        }
        from.pipe(to).pipe(from);
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("Cannot forward: the listener has no port");
      return address.port;
    },
    async close() {
      for (const one of sockets) one.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
      await holder.stop();
      rmSync(folder, { recursive: true, force: true });
      forget();
    },
  };
}
