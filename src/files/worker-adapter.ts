import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import type { Worker } from "./lock.ts";

const MAX_PAUSE_MS = 150;

/** This process as a worker: host, start of the machine, number and start of the process, and a random end. */
export function thisWorker(): Worker {
  const machine = machineName();
  return {
    name: `${machine}-${process.pid}-${startOf(process.pid) ?? "0"}-${randomBytes(4).toString("hex")}`,
    isRunning(name) {
      const parts = NAME.exec(name);
      if (parts === null) return true;
      const [, other, pid, start] = parts;
      if (other !== machine) return hostOf(other ?? "") !== hostOf(machine);
      return isAlive(Number(pid)) && (start === "0" || startOf(Number(pid)) === start);
    },
    async pause() {
      await wait(randomInt(10, MAX_PAUSE_MS));
    },
  };
}

const NAME = /^([\w.]+)-(\d{1,10})-(\d+)-[0-9a-f]{8}$/;

/** Another start of the same machine has another name: no process lives through it. */
function machineName(): string {
  return `${hostname().replace(/[^\w.]/g, "_")}.${bootName()}`;
}

function hostOf(machine: string): string {
  return machine.slice(0, machine.lastIndexOf("."));
}

function bootName(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1")
      .replace(/[^0-9a-f]/g, "")
      .slice(0, 12);
  } catch {
    return "0";
  }
}

/** When a process started, in ticks; undefined where the system does not tell. Numbers of processes come back, times do not. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold anything; what follows it is separated by blanks, field 3 first.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}
