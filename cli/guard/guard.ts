import type { CommandRunner } from "../command.ts";
import { checkCommand } from "./check.ts";

/** `sealkit guard` is the hook itself; `sealkit guard install` sets it up. */
export const guardCommand: CommandRunner = {
  async run([word, ...args], io) {
    if (word !== "install") return await checkCommand.run(word === undefined ? [] : [word, ...args], io);
    const { guardInstallCommand } = await import("./install-adapter.ts");
    return await guardInstallCommand.run(args, io);
  },
  async complete([word = "", ...rest]) {
    if (rest.length > 0 && word === "install") {
      const { guardInstallCommand } = await import("./install-adapter.ts");
      return (await guardInstallCommand.complete?.(rest)) ?? [];
    }
    const flags = (await checkCommand.complete?.([word, ...rest])) ?? [];
    return rest.length === 0 && "install".startsWith(word) ? ["install", ...flags] : flags;
  },
};
