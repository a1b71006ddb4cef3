import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import { peer } from "../../helpers/peers.ts";
import { runProcess, startProcess, until } from "../../helpers/process.ts";

const MANIFESTS = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {colour: blue}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: c, image: "nginx:1", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets, shortNames: [wd], categories: [all]}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1, description: How large it is}
`;

const widget = (spec: string) => `apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: ${spec}
`;

/** A step: words after `kubectl`, what goes in, the exit code, and what comes out (a text is the whole output). */
interface Step {
  readonly run: string;
  readonly input?: string;
  readonly code?: number;
  readonly out: string | readonly (string | RegExp)[];
}

const STEPS: readonly Step[] = [
  { run: "create namespace shop", out: "namespace/shop created\n" },
  {
    run: "apply -f -",
    input: MANIFESTS,
    out: "configmap/settings created\ndeployment.apps/web created\nservice/web created\n",
  },
  {
    run: "apply -f -",
    input: MANIFESTS,
    out: "configmap/settings unchanged\ndeployment.apps/web unchanged\nservice/web unchanged\n",
  },
  {
    run: "apply --server-side -f -",
    input: MANIFESTS,
    out: "configmap/settings serverside-applied\ndeployment.apps/web serverside-applied\nservice/web serverside-applied\n",
  },
  { run: "get configmaps", out: [/^NAME +DATA +AGE\nsettings +1 +\d+s\n$/] },
  {
    run: "get deployments -o wide",
    out: [
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\n/,
      /web +2\/2 +2 +2 +\d+s +c +nginx:1 +app=web/,
    ],
  },
  { run: "get service web", out: [/web +ClusterIP +10\.\d+\.\d+\.\d+ +<none> +80\/TCP +\d+s/] },
  {
    run: "get configmap settings -o yaml",
    out: ["\ndata:\n  colour: blue\n", "\n  labels:\n    app: web\n", "\n  namespace: shop\n"],
  },
  { run: "get configmap settings -o jsonpath={.data.colour}", out: "blue" },
  { run: "get configmaps -l app=web -o name", out: "configmap/settings\n" },
  { run: "get configmaps --field-selector metadata.name=other -o name", out: "" },
  {
    run: "describe deployment web",
    out: [
      /^Name: +web\n/,
      "Replicas:               2 desired | 2 updated | 2 total | 2 available | 0 unavailable",
      "    Image:         nginx:1",
    ],
  },
  { run: "describe service web", out: [/Selector: +app=web/, /TargetPort: +80\/TCP/] },
  { run: "rollout status deployment web", out: [/successfully rolled out/] },
  { run: "wait deployment/web --for=condition=Available --timeout=10s", out: "deployment.apps/web condition met\n" },
  { run: 'patch configmap settings --type merge -p {"data":{"size":"9"}}', out: "configmap/settings patched\n" },
  {
    run: 'patch configmap settings --type json -p [{"op":"remove","path":"/data/size"}]',
    out: "configmap/settings patched\n",
  },
  {
    run: 'patch deployment web -p {"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:2"}]}}}}',
    out: "deployment.apps/web patched\n",
  },
  { run: "get deployment web -o jsonpath={.spec.template.spec.containers[*].image}", out: "nginx:2" },
  { run: "set image deployment/web c=nginx:3", out: "deployment.apps/web image updated\n" },
  { run: "scale deployment web --replicas 3", out: "deployment.apps/web scaled\n" },
  { run: "label configmap settings tier=one", out: "configmap/settings labeled\n" },
  { run: "annotate configmap settings note=x", out: "configmap/settings annotated\n" },
  { run: "diff -f -", input: MANIFESTS, code: 1, out: [/^-.*image: nginx:3$/m, /^\+.*image: nginx:1$/m] },
  { run: "replace -f -", input: MANIFESTS, out: [/deployment.apps\/web replaced/] },
  { run: "create secret generic door --from-literal=key=abc", out: "secret/door created\n" },
  { run: "describe secret door", out: [/Type: +Opaque/, /key: +3 bytes/] },
  { run: "create serviceaccount bob", out: "serviceaccount/bob created\n" },
  { run: "create token bob", out: [/^ey[\w-]+\.[\w-]+\.[\w-]+\n?$/] },
  {
    run: "create role reader --verb=get,list --resource=secrets",
    out: "role.rbac.authorization.k8s.io/reader created\n",
  },
  {
    run: "create rolebinding reader --role=reader --serviceaccount=shop:bob",
    out: "rolebinding.rbac.authorization.k8s.io/reader created\n",
  },
  { run: "auth can-i get secrets --as system:serviceaccount:shop:bob", out: "yes\n" },
  { run: "auth can-i delete secrets --as system:serviceaccount:shop:bob", code: 1, out: "no\n" },
  { run: "auth can-i create deployments", out: "yes\n" },
  { run: "auth whoami", out: [/Username +kubernetes-admin/] },
  { run: "get secrets --as system:serviceaccount:shop:bob -o name", out: "secret/door\n" },
  {
    run: "get configmaps --as system:serviceaccount:shop:bob",
    code: 1,
    out: [
      'Error from server (Forbidden): configmaps is forbidden: User "system:serviceaccount:shop:bob" cannot list resource "configmaps" in API group "" in the namespace "shop"',
    ],
  },
  {
    run: "apply -f -",
    input: DEFINITION,
    out: "customresourcedefinition.apiextensions.k8s.io/widgets.example.com created\n",
  },
  {
    run: "wait customresourcedefinition/widgets.example.com --for=condition=Established --timeout=10s",
    out: [/condition met/],
  },
  { run: "api-resources --api-group=example.com", out: [/^widgets +wd +example\.com\/v1 +true +Widget$/m] },
  { run: "explain widgets.spec.size", out: ["How large it is"] },
  {
    run: "apply -f -",
    input: widget("{size: 1, colour: red}"),
    code: 1,
    out: ['strict decoding error: unknown field "spec.colour"'],
  },
  {
    run: "apply -f -",
    input: widget("{size: 0}"),
    code: 1,
    out: [
      'The Widget "w" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ],
  },
  { run: "apply -f -", input: widget("{size: 1}"), out: "widget.example.com/w created\n" },
  { run: "apply -f -", input: widget("{size: 2}"), out: "widget.example.com/w configured\n" },
  { run: "apply --server-side -f -", input: widget("{size: 2}"), out: "widget.example.com/w serverside-applied\n" },
  {
    run: "apply --server-side --field-manager=other -f -",
    input: widget("{size: 3}"),
    code: 1,
    out: ['conflict with "kubectl": .spec.size'],
  },
  { run: "get wd", out: "NAME   SIZE\nw      2\n" },
  { run: "get all -o name", out: ["deployment.apps/web", "service/web", "widget.example.com/w"] },
  { run: "describe widget w", out: [/Kind: +Widget/, /Size: +2/] },
  { run: "delete widget w", out: [/^widget\.example\.com "w" deleted/] },
  { run: "get configmap nope", code: 1, out: ['Error from server (NotFound): configmaps "nope" not found'] },
  { run: "get nonsense", code: 1, out: [`error: the server doesn't have a resource type "nonsense"`] },
  {
    run: "apply --dry-run=server -f -",
    input: MANIFESTS.replace("blue", "red"),
    out: [/configmap\/settings configured \(server dry run\)/],
  },
  { run: "get configmap settings -o jsonpath={.data.colour}", out: "blue" },
  { run: "delete configmap settings", out: [/^configmap "settings" deleted/] },
  { run: "wait --for=delete configmap/settings --timeout=10s", out: [] },
  { run: "delete namespace shop --wait", out: [/^namespace "shop" deleted/] },
  { run: "get namespace shop", code: 1, out: ['namespaces "shop" not found'] },
  { run: "api-versions", out: ["apps/v1\n", "rbac.authorization.k8s.io/v1\n"] },
];

describe("kubectl against the sandbox", () => {
  let sandbox: Sandbox;
  let folder: string;
  const command = (words: readonly string[]) => [
    peer("kubectl"),
    "--kubeconfig",
    join(folder, "kubeconfig"),
    "--cache-dir",
    join(folder, "cache"),
    "-n",
    "shop",
    ...words,
  ];
  beforeAll(async () => {
    sandbox = await startSandbox();
    folder = mkdtempSync(join(tmpdir(), "sealkit-kubectl-"));
    writeFileSync(join(folder, "kubeconfig"), sandbox.kubeconfig(), { mode: 0o600 });
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(STEPS.map((step, index) => ({ ...step, index })))(
    "$index: kubectl $run",
    async ({ run, input, code = 0, out }) => {
      const done = await runProcess(command(run.split(" ")), { input: input ?? "" });
      const text = done.stdout + done.stderr;
      expect({ code: done.code, text }).toMatchObject({ code });
      if (typeof out === "string") expect(text).toBe(out);
      else for (const part of out) expect(text).toMatch(typeof part === "string" ? new RegExp(literally(part)) : part);
    },
  );

  test("kubectl get --watch prints changes as they come", async () => {
    const watch = startProcess(command(["get", "configmaps", "-n", "default", "--watch"]), {
      log: join(folder, "watch.log"),
    });
    await until("the watch is open", async () => sandbox.stats().watchers > 0);
    await runProcess(command(["create", "configmap", "seen", "-n", "default"]), {});
    await runProcess(command(["delete", "configmap", "seen", "-n", "default"]), {});
    await until("both changes are printed", async () => (watch.tail().match(/^seen /gm) ?? []).length >= 2);
    await watch.stop();
    expect(watch.tail()).toMatch(/^NAME +DATA +AGE\nseen +0 +\d+s\nseen +0 +\d+s$/);
  });
});

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
