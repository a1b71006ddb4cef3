import type { StageContext, StagedFile } from "../../../../src/files/index.ts";
import type { GivenFlags } from "../../call/flags.ts";
import type { LocatedConfig } from "../../config/config-adapter.ts";
import type { StageTargets } from "../destination-adapter.ts";
import type { Outcome } from "../report.ts";
import type { ManyCommand } from "../work.ts";

/** What a thread is asked for: to work off the list of files together with others. Plain data. */
export interface MakeRequest {
  readonly command: ManyCommand["name"];
  readonly cwd: string;
  /** The variables that stand for flags, and no others. */
  readonly env: Readonly<Record<string, string>>;
  readonly flags: GivenFlags;
  readonly config: LocatedConfig | undefined;
  readonly identities: readonly CarriedIdentity[];
  readonly decryptionOrder: readonly string[];
  /** The files that the list is of, relative to `base`. */
  readonly paths: readonly string[];
  readonly base: string;
  readonly list: SharedArrayBuffer;
  /** Where new contents are written beside; undefined when nothing is to be written. */
  readonly stage: StagePlan | undefined;
}

/** An identity source without what cannot travel. The bytes are the thread's, which overwrites them. */
export interface CarriedIdentity {
  readonly where: string;
  readonly text: Uint8Array<ArrayBuffer>;
  readonly isSshKey: boolean;
  readonly sshPublicKey: string | undefined;
}

/** Where the results of the files go, by their numbers in the list. Plain data. */
export interface StagePlan extends StageTargets {
  readonly context: StageContext;
}

export interface MakeAnswer {
  readonly outcomes: readonly Outcome[];
  readonly staged: readonly StagedFile[];
  /** Numbers of files that the main thread has to look at: for their errors, warnings, questions and services. */
  readonly left: readonly number[];
}
