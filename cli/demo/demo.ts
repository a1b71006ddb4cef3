import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveGit } from "../../src/git/http-backend-adapter.ts";
import type { CommandRunner } from "../command.ts";
import { defineCommand } from "../define-command.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { write } from "../output.ts";
import { runInner } from "./inner-command.ts";
import { sandboxStages } from "./sandbox-stage.ts";
import type { MakeStage } from "./stage.ts";
import { CheckFailed, makeSteps } from "./steps.ts";
import { tellStory } from "./story.ts";
import { makeWorkingCopy } from "./working-copy-adapter.ts";

/** The commands that the demo runs, as a person would. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandRunner>>> = {
  kubeseal: async () => (await import("../kubeseal/kubeseal.ts")).kubesealCommand,
  seal: async () => (await import("../seal/seal.ts")).sealCommand,
  rotate: async () => (await import("../rotate/rotate.ts")).rotateCommand,
  drill: async () => (await import("../drill/drill.ts")).drillCommand,
  keys: async () => (await import("../keys/keys.ts")).keysCommand,
  "age-keygen": async () => (await import("../age-keygen/age-keygen.ts")).ageKeygenCommand,
};

/** Plays the story on the stages that `makeStages` gives, with a line for each step. */
export async function playDemo(io: Io, makeStages: (folder: string) => MakeStage): Promise<number> {
  const startedMs = io.now();
  const folder = await mkdtemp(join(tmpdir(), "sealkit-demo-keys-"));
  const work = await makeWorkingCopy();
  const server = await serveGit({ root: work.served });
  try {
    await tellStory({
      io,
      steps: makeSteps(io),
      makeStage: makeStages(folder),
      work,
      url: `${server.url}/${work.name}`,
      folder,
      sealkit: (command) => runInner(COMMANDS, command, io),
    });
    const took = ((io.now() - startedMs) / 1000).toFixed(1);
    await write(io.stdout, `\nEverything held, in ${took} s. Nothing is left behind.\n`);
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
    throw new CliError("CLI_DEMO_FAILED", `Cannot go on with the demo: it does not hold that ${error.message}`, {
      hints: ["this is a defect of sealkit: please report it with the lines above"],
      cause: error,
    });
  } finally {
    await server.close();
    await work.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** `sealkit demo`: the main job from end to end, in a sandbox. */
export const demoCommand: CommandRunner = defineCommand({
  name: "demo",
  summary: "Watch Secrets go from Git into a cluster, their keys renewed and backed up, the cluster lost and restored",
  description:
    "Everything happens in this process and in temporary folders, on loopback. Ends with an error if a check fails.",
  examples: [{ what: "The main job in under a minute", command: "sealkit demo" }],
  flags: {},
  run: ({ io }) => playDemo(io, sandboxStages),
});
