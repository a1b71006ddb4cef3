/** Bounds of one build; its input is somebody's repository. */
export interface BuildLimits {
  /** Objects of all files together. */
  readonly maxObjects: number;
  /** Directories with a kustomization file that are visited; one that is reached twice counts twice. */
  readonly maxDirectories: number;
  /** Directories inside one another by `resources`. */
  readonly maxDepth: number;
  /** Bytes of one manifest file. */
  readonly maxFileBytes: number;
}

export const DEFAULT_BUILD_LIMITS: BuildLimits = {
  maxObjects: 20_000,
  maxDirectories: 2_000,
  maxDepth: 32,
  maxFileBytes: 20 * 1024 * 1024,
};
