import type { Keyring } from "../../../src/sops/index.ts";
import type { Io } from "../../io.ts";
import type { FoundConfig } from "../config/config-adapter.ts";
import type { SopsFlags } from "./flags.ts";
import type { Doubts } from "./log.ts";

/** What all files of one call have in common. */
export interface SopsCall {
  readonly io: Io;
  readonly flags: SopsFlags;
  readonly doubts: Doubts;
  readonly keyring: Keyring;
  /** Undefined when there is no `.sops.yaml`. */
  readonly config: FoundConfig | undefined;
}
