import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { GIT_REPOSITORIES, KUSTOMIZATIONS, SEALED_SECRETS } from "../../controller/api/index.ts";
import { type KubeObject, numberAt, textAt } from "../../src/objects/index.ts";
import type { Io } from "../io.ts";
import { CONTROLLER_NAMESPACE, CONTROLLER_SERVICE, SYNC_NAMESPACE } from "../sandbox/whole-cluster.ts";
import type { InnerCommand, InnerResult } from "./inner-command.ts";
import {
  AGE_SECRET,
  DEPLOYMENT_MANIFEST,
  type DemoSecret,
  NAMESPACE,
  NAMESPACE_MANIFEST,
  sealedSecrets,
  secretManifest,
  sopsSecret,
  syncManifests,
} from "./manifests.ts";
import type { MakeStage, Stage } from "./stage.ts";
import { check, type Steps } from "./steps.ts";
import { applied, condition, reconcileNow, SECRETS, secretValues, waitFor } from "./watching.ts";
import type { WorkingCopy } from "./working-copy-adapter.ts";

const BACKUP = "keys.age";

/** What the story needs from outside. */
export interface Props {
  readonly io: Io;
  readonly steps: Steps;
  readonly makeStage: MakeStage;
  readonly work: WorkingCopy;
  /** URL of the repository, over loopback. */
  readonly url: string;
  /** A private folder for keys and the backup. */
  readonly folder: string;
  readonly sealkit: (command: InnerCommand) => Promise<InnerResult>;
}

/**
 * The main job from end to end: seal, commit, reconcile, renew the key, back up, rotate, prove, rehearse, lose the
 * cluster, restore, and what happens when a manifest is damaged. Each step checks what it claims; the first check that fails ends the story.
 */
export async function tellStory(props: Props): Promise<void> {
  const { io, steps, work, folder } = props;
  const random = () => randomBytes(18).toString("base64url");
  const sealed = sealedSecrets(random);
  const encrypted = sopsSecret(random);
  const all: readonly DemoSecret[] = [...sealed, encrypted];
  let stage: Stage | undefined;
  let requests = 0;
  const requestedAt = () => `${new Date(io.now()).toISOString()}#${++requests}`;
  const say = async (words: readonly string[], stdin?: string): Promise<string> => {
    const result = await props.sealkit({ words, stdin, cwd: folder });
    check(result.code === 0, `"sealkit ${words.join(" ")}" ends well; it said: ${result.stderr.trim()}`);
    return result.stdout;
  };
  const controller = () => ["--kubeconfig", stage?.kubeconfig ?? ""];
  const backUp = (holders: string) =>
    say(["keys", "backup", ...controller(), "-r", holders, "--repo", work.folder, "-o", BACKUP]);

  try {
    const first = await steps.run("a cluster with the controllers", async () => {
      const made = await props.makeStage();
      stage = made;
      await waitFor("the controller has its first key", () => newestCertificate(made));
      return { result: made, detail: "the first sealing key is made" };
    });

    const recipient = await steps.run("two kinds of key for the team", async () => {
      await say(["kubeseal", ...controller(), "--fetch-cert", "-w", "cluster.pem"]);
      await say(["age-keygen", "-o", "sops.agekey"]);
      const made = (await say(["age-keygen", "-y", "sops.agekey"])).trim();
      return { result: made, detail: `the cluster's certificate, and ${made.slice(0, 12)}…` };
    });
    await steps.remark("sealkit kubeseal --fetch-cert -w cluster.pem\nsealkit age-keygen -o sops.agekey");

    const commit = await steps.run("Secrets into Git, none of them readable", async () => {
      await work.write("apps/namespace.yaml", NAMESPACE_MANIFEST);
      await work.write("apps/deployment.yaml", DEPLOYMENT_MANIFEST);
      for (const secret of sealed) {
        const words = ["kubeseal", "--cert", "cluster.pem", "--scope", secret.scope, "-o", "yaml"];
        await work.write(sealedPath(secret), await say(words, secretManifest(secret)));
      }
      await work.write(
        "apps/payment.sops.yaml",
        await say(["seal", "--age", recipient, "-o", "yaml"], secretManifest(encrypted)),
      );
      return {
        result: await work.push("Bring in the shop"),
        detail: "three scopes sealed, one file with SOPS and age",
      };
    });
    await steps.remark("sealkit kubeseal --cert cluster.pem --scope strict -o yaml\nsealkit seal --age age1… -o yaml");

    await steps.run("Git into the cluster", async () => {
      await giveIdentity(first, await readFile(join(folder, "sops.agekey"), "utf8"));
      await bringIn(first, props);
      await applied(first.client, commit);
      return { result: undefined, detail: `commit ${commit.slice(0, 7)} is applied` };
    });
    await steps.run("every value is there", () => verify(first, all));

    const renewed = await steps.run("a new sealing key", async () => {
      const before = await newestCertificate(first);
      await say(["keys", "renew", ...controller()]);
      const now = await waitFor("the new certificate is served", async () => {
        const newest = await newestCertificate(first);
        return newest === before ? undefined : newest;
      });
      check(now !== before, "the controller serves another certificate");
      await verify(first, all);
      return { result: now, detail: "objects sealed to the old one still open" };
    });
    await steps.remark("sealkit keys renew");

    const shares = await steps.run("a backup that two of three people open", async () => {
      const words = ["--shares", "3", "--threshold", "2", "-o", "shares"];
      const holders = (await say(["keys", "split", ...words])).trim();
      await backUp(holders);
      const files = ["shares/share-1-of-3.txt", "shares/share-3-of-3.txt"].flatMap((file) => ["--share", file]);
      return {
        result: { files, holders },
        detail: "sealing keys and the age identity; the file's own key is written nowhere",
      };
    });
    await steps.remark(
      "sealkit keys split --shares 3 --threshold 2 -o shares\nsealkit keys backup -r age1… -o keys.age",
    );

    const second = await steps.run("everything in Git onto the new keys, pushed", async () => {
      await say(["rotate", "--repo", work.folder, "--backup", BACKUP, ...shares.files]);
      const pushed = await work.push("Bring everything to the new keys");
      await reconcileNow(first.client, requestedAt());
      await applied(first.client, pushed);
      await verify(first, all);
      return { result: pushed, detail: `commit ${pushed.slice(0, 7)}; values unchanged` };
    });
    await steps.remark("sealkit rotate --repo fleet --backup keys.age --share … --share …");

    await steps.run("proof that the backup opens all of it", async () => {
      const words = ["keys", "verify", ...shares.files, BACKUP, "--repo", work.folder, "--cluster", ...controller()];
      const results: unknown = JSON.parse(await say([...words, "-o", "json"]));
      const [git] = Array.isArray(results) ? results : [];
      check(numberAt(git, "values") === count(all), `${count(all)} values of the repository open from the backup`);
      return { result: undefined, detail: `${count(all)} values in Git, and those of the cluster` };
    });
    await steps.remark("sealkit keys verify --share … --share … keys.age --repo fleet --cluster");

    const drill = async () => {
      const words = ["drill", ...shares.files, BACKUP, "--repo", work.folder, "--path", "apps", "--compare"];
      const report: unknown = JSON.parse(await say([...words, "-o", "json", ...controller()]));
      const equal = numberAt(report, "comparison", "equal") ?? 0;
      check(textAt(report, "result") === "passed" && equal >= all.length, "a drill finds every Secret as it is");
      return { result: undefined, detail: `${equal} Secrets, each equal to the one of the cluster` };
    };
    await steps.run("a rehearsal, while there still is a cluster", drill);
    await steps.remark("sealkit drill --share … --share … keys.age --repo fleet --path apps --compare");

    await steps.run("the cluster is lost", async () => {
      await first.destroy();
      stage = undefined;
      return { result: undefined, detail: "nothing of it is left but Git, the backup and the shares" };
    });

    const next = await steps.run("a new cluster, keys from the backup", async () => {
      const made = await props.makeStage();
      stage = made;
      await say(["keys", "restore", ...controller(), ...shares.files, "--wait", BACKUP]);
      return { result: made, detail: "restored beside the key that the new cluster had made" };
    });
    await steps.remark("sealkit keys restore --share … --share … --wait keys.age");

    await steps.run("the same repository again", async () => {
      await bringIn(next, props);
      await applied(next.client, second);
      await verify(next, all);
      const served = await certificates(next);
      check(served.includes(renewed), "the renewed key is among the restored ones");
      return { result: undefined, detail: `${count(all)} values, each as it was` };
    });

    await steps.run("a new backup, and a rehearsal with it", async () => {
      await backUp(shares.holders);
      return await drill();
    });
    await steps.remark("sealkit keys backup …; sealkit drill …: the old backup lacks the new cluster's own key");

    await steps
      .run("a damaged SealedSecret", async () => {
        const victim = sealed[0];
        if (victim === undefined) return { result: undefined };
        const text = await readSealed(work, victim);
        await work.write(sealedPath(victim), damage(text, "password"));
        await work.push("Damage a sealed item");
        await reconcileNow(next.client, requestedAt());
        const message = await waitFor("the Kustomization reports it", async () => {
          const live = await next.client.get<KubeObject>(KUSTOMIZATIONS, { namespace: SYNC_NAMESPACE, name: "fleet" });
          const ready = condition(live, "Ready");
          return ready?.status === "False" && ready.reason === "HealthCheckFailed" ? (ready.message ?? "") : undefined;
        });
        for (const part of [sealedPath(victim), "document 1", "(password)", "SHA256:"]) {
          check(message.includes(part), `the error names ${part}`);
        }
        await verify(next, all);
        await work.write(sealedPath(victim), text);
        return { result: message, detail: "reported; the Secret stays as it was" };
      })
      .then(async (message) => await steps.remark(message ?? ""));

    await steps
      .run("a damaged SOPS file", async () => {
        const text = await work.read("apps/payment.sops.yaml");
        await work.write("apps/payment.sops.yaml", damage(text, "api-key"));
        const broken = await work.push("Damage an encrypted value");
        await reconcileNow(next.client, requestedAt());
        const message = await waitFor("the Kustomization reports it", async () => {
          const live = await next.client.get<KubeObject>(KUSTOMIZATIONS, { namespace: SYNC_NAMESPACE, name: "fleet" });
          const ready = condition(live, "Ready");
          const attempted = (live?.["status"] as { lastAttemptedRevision?: string } | undefined)?.lastAttemptedRevision;
          return ready?.status === "False" && attempted?.endsWith(broken) ? (ready.message ?? "") : undefined;
        });
        for (const part of ["payment.sops.yaml", "api-key"]) check(message.includes(part), `the error names ${part}`);
        await verify(next, all);
        return { result: message, detail: "nothing was applied; the cluster stays as it was" };
      })
      .then((message) => steps.remark(message));
  } finally {
    await stage?.destroy();
  }
}

const sealedPath = ({ name }: DemoSecret) => `apps/${name}.sealed.yaml`;

async function readSealed(work: WorkingCopy, secret: DemoSecret): Promise<string> {
  return await work.read(sealedPath(secret));
}

/** Changes one character in the middle of an item's ciphertext. */
function damage(manifest: string, item: string): string {
  const line = manifest.split("\n").find((one) => one.trimStart().startsWith(`${item}: `));
  check(line !== undefined, `the manifest has an item ${item}`);
  const at = Math.min(line.length - 8, line.indexOf(": ") + 40);
  const other = line[at] === "A" ? "B" : "A";
  return manifest.replace(line, line.slice(0, at) + other + line.slice(at + 1));
}

/** Tells the cluster where the repository is and what to do with it. */
async function bringIn({ client }: Stage, { url }: Props): Promise<void> {
  for (const manifest of syncManifests(url)) {
    await client.create(manifest.kind === "GitRepository" ? GIT_REPOSITORIES : KUSTOMIZATIONS, manifest);
  }
}

/** Gives the controller the age identity that opens the SOPS files; in the second cluster the backup brings it. */
async function giveIdentity({ client }: Stage, identity: string): Promise<void> {
  await client.create(SECRETS, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: AGE_SECRET, namespace: SYNC_NAMESPACE },
    data: { "sops.agekey": Buffer.from(identity).toString("base64") },
  });
}

/** Checks every value of every Secret against what was sealed. */
async function verify(
  { client }: Stage,
  secrets: readonly DemoSecret[],
): Promise<{ result: undefined; detail: string }> {
  for (const { name, values } of secrets) {
    await waitFor(
      `Secret ${NAMESPACE}/${name} holds what was sealed`,
      async () => {
        const live = await secretValues(client, name);
        const wanted = Object.entries(values);
        const same = live?.size === wanted.length && wanted.every(([key, value]) => live.get(key) === value);
        return same ? true : undefined;
      },
      async () =>
        condition(await client.get<KubeObject>(SEALED_SECRETS, { namespace: NAMESPACE, name }), "Synced")?.message,
    );
  }
  return { result: undefined, detail: `${secrets.length} Secrets, ${count(secrets)} values` };
}

const count = (secrets: readonly DemoSecret[]) =>
  secrets.reduce((sum, { values }) => sum + Object.keys(values).length, 0);

/** Certificates of all sealing keys in the cluster. */
async function certificates({ client }: Stage): Promise<readonly string[]> {
  const { items } = await client.list<KubeObject>(SECRETS, {
    namespace: CONTROLLER_NAMESPACE,
    labelSelector: "sealedsecrets.bitnami.com/sealed-secrets-key=active",
  });
  return items.map((item) =>
    Buffer.from((item["data"] as Record<string, string>)["tls.crt"] ?? "", "base64").toString("utf8"),
  );
}

/** The certificate that the controller serves; undefined while it does not answer. */
async function newestCertificate(stage: Stage): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${CONTROLLER_NAMESPACE}/services/http:${CONTROLLER_SERVICE}:/proxy/v1/cert.pem`;
  const answer = await stage.client.raw({ method: "GET", path });
  return answer.status === 200 ? Buffer.from(answer.body).toString("utf8") : undefined;
}
