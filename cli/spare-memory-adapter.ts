import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 keep a small heap, for a program that runs for months and mostly waits: the young generation does not grow
 * (by default to 48 MiB, most of it unused), and the old one is collected before it has grown by half. With 4,000
 * SealedSecrets that is 116 MiB instead of 163, for a tenth more of processor time. Has to be called before anything
 * else: a generation that has grown stays.
 */
export function spareMemory(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
}
