// How long the hook makes a person wait at a normal commit: what `sealkit guard` takes beyond Node's own start.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurn, line, sealkit, timed } from "./measure.mjs";

const GOAL_MS = 150;

export async function run(folder, { rounds = 21, files = 500 } = {}) {
  const cwd = join(folder, "repository");
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...words) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.com", ...words], { cwd, env });
  mkdirSync(cwd);
  git("init", "-q");
  for (let at = 0; at < files; at++) writeFileSync(join(cwd, `app-${at}.yaml`), deployment(at));
  git("add", ".");
  git("commit", "-qm", "all");
  // A few manifests with something encrypted, as such commits are.
  for (let at = 0; at < 5; at++) writeFileSync(join(cwd, `app-${at}.yaml`), deployment(at + 1));
  writeFileSync(join(cwd, "sealed.yaml"), sealed(5));
  writeFileSync(join(cwd, "secret.enc.yaml"), encrypted(5));
  git("add", ".");
  const times = await inTurn(rounds, {
    node: () => timed([process.execPath, "-e", "0"]),
    guard: () => timed([...sealkit, "guard"], { cwd, env }),
  });
  const { node, guard } = times;
  const note = `${guard.ms.toFixed(0)} ms with Node's start of ${node.ms.toFixed(0)} ms`;
  return [
    line("guard: a commit of seven files, beyond Node's start", {
      ours: guard.ms - node.ms,
      theirs: GOAL_MS,
      unit: "ms",
      rival: "goal",
      limit: 1,
      note,
      cpu: (guard.cpu - node.cpu) / GOAL_MS,
    }),
  ];
}

function deployment(number) {
  const template = `metadata: {labels: {app: a}}\n    spec: {containers: [{name: a, image: "a:${number}"}]}`;
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a${number}}\nspec:\n  template:\n    ${template}\n`;
}

function sealed(items) {
  const lines = Array.from({ length: items }, (_, at) => `    item${at}: AgB${"x".repeat(680)}\n`);
  const head = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec:\n  encryptedData:\n";
  return head + lines.join("");
}

function encrypted(values) {
  const lines = Array.from(
    { length: values },
    (_, at) => `  item${at}: ENC[AES256_GCM,data:${"x".repeat(40)},iv:x,tag:x,type:str]\n`,
  );
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n${lines.join("")}sops:\n  mac: ENC[x]\n`;
}
