import type { KubeClient } from "../../src/kube/index.ts";

/** A cluster that the demo plays on, with the controllers at work in this process. */
export interface Stage {
  /** File with administrator rights, for the commands that the demo runs. */
  readonly kubeconfig: string;
  readonly client: KubeClient;
  /** Ends controllers and cluster; everything in it is gone. */
  destroy(): Promise<void>;
}

/** Makes an empty cluster and starts the controllers in it. */
export type MakeStage = () => Promise<Stage>;
