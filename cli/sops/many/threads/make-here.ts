import { ClearText } from "../../../../src/clear-text.ts";
import { FileStage } from "../../../../src/files/index.ts";
import { nodeFiles } from "../../../../src/files/node-files-adapter.ts";
import {
  type IdentitySource,
  KEY_TYPES,
  type Keyring,
  type KeyService,
  type KeyType,
  loadKeyring,
  SERVICE_NAMES,
} from "../../../../src/sops/index.ts";
import type { SopsCall } from "../../call/call.ts";
import { sopsFlags } from "../../call/flags.ts";
import { readConfigFile } from "../../config/config-adapter.ts";
import { stageInto } from "../destination-adapter.ts";
import { makeOne } from "../make-one.ts";
import { shownFrom } from "../paths.ts";
import type { Outcome } from "../report.ts";
import { MANY_COMMANDS } from "../work.ts";
import { LEAVING_DOUBTS, leaveAsync, threadIo } from "./left-to-main.ts";
import type { CarriedIdentity, MakeAnswer, MakeRequest, StagePlan } from "./make-request.ts";
import { SharedList } from "./shared-list.ts";

/** Larger files are left to the main thread: what a thread needs of memory is bounded by this. */
const MAX_BYTES = 1024 * 1024;

/** A thread that could do nothing with the first so many files is of no use for the others. */
const PATIENCE = 16;

/**
 * Works off a list of files together with other threads. Only what succeeds without asking anybody is done here; all else
 * is left to the main thread, which does it again from the beginning: so there is one place where errors, warnings,
 * questions and services come from.
 */
export async function makeHere(request: MakeRequest): Promise<MakeAnswer> {
  const { paths, base, cwd } = request;
  const command = MANY_COMMANDS.get(request.command);
  if (command === undefined) throw new TypeError(`"${request.command}" is not a command for many files`);
  const call = callOf(request);
  const stage = stageOf(request.stage);
  const list = new SharedList(paths.length, request.list);
  const shown = shownFrom(cwd, base);
  const outcomes: Outcome[] = [];
  const left: number[] = [];
  for (const at of list.fromEnd()) {
    const path = paths[at] ?? "";
    try {
      const target = { file: shown(path), absolute: `${base}/${path}` };
      const made = await makeOne(call, command, target, {
        maxBytes: MAX_BYTES,
        stage: async (content, seen) => stage.add(at, content, seen),
      });
      outcomes.push(made);
      list.countDone();
    } catch {
      left.push(at);
      if (left.length >= PATIENCE && outcomes.length === 0) break;
    }
  }
  return { outcomes, left, staged: await stage.finish() };
}

function callOf({ cwd, env, flags, config, identities, decryptionOrder }: MakeRequest): SopsCall {
  return {
    io: threadIo(cwd, env),
    flags: sopsFlags({ given: flags, args: [] }),
    doubts: LEAVING_DOUBTS,
    keyring: keyringOf(identities, decryptionOrder),
    config: config === undefined ? undefined : readConfigFile(config),
  };
}

/** Opens with the identities that were brought along; whoever would have to be asked stands for "not here". */
function keyringOf(identities: readonly CarriedIdentity[], decryptionOrder: readonly string[]): Keyring {
  const services = KEY_TYPES.filter((type) => type !== "age").map((type) => [type, leavingService(type)] as const);
  const sources = identities.map(sourceOf);
  const keyring = loadKeyring(sources, {
    decryptionOrder,
    services: new Map(services),
    askForIdentities: leaveAsync,
  });
  for (const { text } of identities) text.fill(0);
  return keyring;
}

function sourceOf({ where, text, isSshKey, sshPublicKey }: CarriedIdentity): IdentitySource {
  return { where, identities: new ClearText(text), isSshKey, sshPublicKey, askPassphrase: leaveAsync };
}

function leavingService(type: KeyType): KeyService {
  return { name: SERVICE_NAMES[type], encrypt: leaveAsync, decrypt: leaveAsync, complete: leaveAsync };
}

function stageOf(plan: StagePlan | undefined) {
  if (plan === undefined) return { add: async () => undefined, finish: async () => [] };
  const stage = new FileStage(nodeFiles, plan.context);
  const add = stageInto(plan, (file, content, options) => stage.add(file, content, options));
  return {
    add,
    async finish() {
      await stage.flushed();
      return stage.files;
    },
  };
}
