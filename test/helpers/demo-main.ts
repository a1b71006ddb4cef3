import { playDemo } from "../../cli/demo/demo.ts";
import { report } from "../../cli/run.ts";
import { clusterStages } from "./demo-cluster.ts";

const io = {
  env: process.env,
  cwd: process.cwd(),
  argv0: "sealkit",
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: new AbortController().signal,
  now: Date.now,
};

playDemo(io, clusterStages).then(
  (code) => process.exit(code),
  async (error: unknown) => process.exit(await report(error, io)),
);
