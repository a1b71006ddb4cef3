import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { spawned } from "../../spawned.ts";
import { pluginBroken, pluginMissing } from "./plugin-errors.ts";
import type { PluginMachine, PluginProgram, Plugins } from "./plugins.ts";

export interface PluginProgramsOptions {
  /** Environment of the plugins; `PATH` says where they are, `AGEDEBUG=plugin` lets them write to standard error. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends running plugins when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a plugin may take to end after it was interrupted, before it is killed. */
const GRACE_MS = 2_000;

/**
 * Plugins as programs of this machine, started without a shell, in the temporary folder. Only absolute folders of `PATH`
 * are searched: nothing of the current folder ever runs.
 */
export function pluginPrograms({ env, signal }: PluginProgramsOptions): Pick<Plugins, "start" | "after"> {
  return {
    async start(plugin, machine) {
      const path = await findProgram(`age-plugin-${plugin}`, env["PATH"] ?? "");
      if (path === undefined) throw pluginMissing(plugin);
      return await startProgram({ plugin, path, machine, env, signal });
    },
    after(ms, then) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  };
}

async function findProgram(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const candidate = join(folder, name);
    try {
      await access(candidate, constants.X_OK);
      if ((await stat(candidate)).isFile()) return candidate;
    } catch {
      // Not here, or not for us: the next folder may have it.
    }
  }
  return undefined;
}

interface Start extends PluginProgramsOptions {
  readonly plugin: string;
  readonly path: string;
  readonly machine: PluginMachine;
}

async function startProgram({ plugin, path, machine, env, signal }: Start): Promise<PluginProgram> {
  // Most files are opened without a plugin, and the module takes its time.
  const { spawn } = await import("node:child_process");
  const cwd = await realpath(tmpdir());
  const child = spawned(() =>
    spawn(path, [`--age-plugin=${machine}`], {
      ...{ cwd, env: { ...env }, shell: false, windowsHide: true },
      stdio: ["pipe", "pipe", env["AGEDEBUG"] === "plugin" ? "inherit" : "ignore"],
    }),
  );
  if (child instanceof Error) throw pluginBroken(plugin, "the program cannot be started");
  const ended = new Promise<void>((done) => {
    child.once("exit", () => done());
    child.once("error", () => done());
  });
  await new Promise<void>((done, failed) => {
    child.once("spawn", done);
    child.once("error", () => failed(pluginBroken(plugin, "the program cannot be started")));
  });
  const kill = () => void child.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  // A plugin that goes away closes the pipe: the write that is under way says so.
  child.stdin.on("error", () => undefined);
  return {
    output: child.stdout,
    write: (bytes) =>
      new Promise((done, failed) => {
        child.stdin.write(bytes, (error) => (error ? failed(error) : done()));
      }),
    async stop() {
      child.stdin.destroy();
      child.stdout.destroy();
      child.kill("SIGINT");
      const timer = setTimeout(kill, GRACE_MS);
      await ended;
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
    },
  };
}
