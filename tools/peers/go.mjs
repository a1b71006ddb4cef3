// Tools built from the Go modules that pin them, in test/peers/modules.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { peersFolder, pins } from "./folders.mjs";
import { PeersError } from "./peers-error.mjs";

/** Charts are rendered for the Kubernetes that the tests run; a plain build pretends to be 1.20. */
const HELM_FLAGS = [
  ...["-X", "helm.sh/helm/v3/internal/version.version=v3.22.0"],
  ...["chartutil", "lint/rules"].flatMap((at) => [
    ...["-X", `helm.sh/helm/v3/pkg/${at}.k8sVersionMajor=1`],
    ...["-X", `helm.sh/helm/v3/pkg/${at}.k8sVersionMinor=36`],
  ]),
];
const KUBERNETES_FLAGS = ["-X", "k8s.io/component-base/version.gitVersion=v1.36.3"];

/**
 * Every tool: the module that pins it, its main package, what its version command must say, and the linker flags that
 * make it say so where a plain build says nothing.
 */
export const GO_TOOLS = {
  age: {
    module: "age",
    package: "filippo.io/age/cmd/age",
    link: ["-X", "main.Version=v1.3.2"],
    version: ["--version"],
    says: /^v1\.3\.2$/m,
  },
  "age-keygen": {
    module: "age",
    package: "filippo.io/age/cmd/age-keygen",
    link: ["-X", "main.Version=v1.3.2"],
    version: ["--version"],
    says: /^v1\.3\.2$/m,
  },
  "age-inspect": {
    module: "age",
    package: "filippo.io/age/cmd/age-inspect",
    link: ["-X", "main.Version=v1.3.2"],
    version: ["--version"],
    says: /^v1\.3\.2$/m,
  },
  "age-plugin-batchpass": {
    module: "age",
    package: "filippo.io/age/cmd/age-plugin-batchpass",
    link: ["-X", "main.Version=v1.3.2"],
    version: ["--version"],
    says: /^v1\.3\.2$/m,
  },
  sops: {
    module: "sops",
    package: "github.com/getsops/sops/v3/cmd/sops",
    link: [],
    version: ["--disable-version-check", "--version"],
    says: /^sops 3\.13\.3\b/m,
  },
  kubeseal: {
    module: "sealed-secrets",
    package: "github.com/bitnami/sealed-secrets/cmd/kubeseal",
    link: ["-X", "main.VERSION=v0.40.0"],
    version: ["--version"],
    says: /version: v0\.40\.0$/m,
  },
  "sealed-secrets-controller": {
    module: "sealed-secrets",
    package: "github.com/bitnami/sealed-secrets/cmd/controller",
    link: ["-X", "main.VERSION=v0.40.0"],
    version: ["--version"],
    says: /version: v0\.40\.0$/m,
  },
  helm: {
    module: "helm",
    package: "helm.sh/helm/v3/cmd/helm",
    link: HELM_FLAGS,
    version: ["version", "--short"],
    says: /^v3\.22\.0\b/m,
  },
  etcd: {
    module: "kubernetes",
    package: "./cmd/etcd",
    link: [],
    version: ["--version"],
    says: /^etcd Version: 3\.6\.8$/m,
  },
  "kube-apiserver": {
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    link: KUBERNETES_FLAGS,
    version: ["--version"],
    says: /v1\.36\.3$/m,
  },
  "kube-controller-manager": {
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    link: KUBERNETES_FLAGS,
    version: ["--version"],
    says: /v1\.36\.3$/m,
  },
  kubectl: {
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kubectl",
    link: KUBERNETES_FLAGS,
    version: ["version", "--client"],
    says: /Client Version: v1\.36\.3$/m,
  },
  "yaml-oracle": {
    module: "yaml-oracle",
    package: ".",
    link: [],
    version: ["--version"],
    says: /yaml\/v2@v2\.4\.4 go\.yaml\.in\/yaml\/v3@v3\.0\.4 sigs\.k8s\.io\/yaml@v1\.6\.0$/m,
  },
  "template-oracle": {
    module: "template-oracle",
    package: ".",
    link: [],
    version: ["--version"],
    says: /sprig@v3\.3\.0 go1\.26\b/m,
  },
};

/** Changes whenever the pinned versions, our own wrapper sources or the build flags change. */
function pinOf(tool) {
  const { module, package: mainPackage, link } = GO_TOOLS[tool];
  const hash = createHash("sha256").update(JSON.stringify([mainPackage, link, process.platform, process.arch]));
  const folder = pins("modules", module);
  const files = readdirSync(folder, { recursive: true }).filter((file) => /(^|\/)go\.(mod|sum)$|\.go$/.test(file));
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest("hex");
}

const stampFile = (tool) => join(peersFolder(), ".stamps", `${tool}.json`);

/** `ready`, `missing`, `out of date` (built for other pins), or `unstamped` (put there by someone else). */
export function goState(tool) {
  const binary = join(peersFolder(), tool);
  if (!existsSync(binary)) return "missing";
  if (!existsSync(stampFile(tool))) return process.env.SEALKIT_PEERS ? "unstamped" : "out of date";
  try {
    const stamp = JSON.parse(readFileSync(stampFile(tool), "utf8"));
    return stamp.pin === pinOf(tool) && stamp.bytes === statSync(binary).size ? "ready" : "out of date";
  } catch {
    return "out of date";
  }
}

function newerThan(wanted, have) {
  const parts = (version) => version.split(".").map(Number);
  const [w, h] = [parts(wanted), parts(have)];
  for (let i = 0; i < 3; i++) if ((w[i] ?? 0) !== (h[i] ?? 0)) return (w[i] ?? 0) > (h[i] ?? 0);
  return false;
}

/** Throws unless a Go of the version that the modules of the tools ask for is there. */
export function requireGo(tools) {
  const modules = [...new Set(tools.map((tool) => GO_TOOLS[tool].module))];
  const wanted = modules
    .map((module) => /^go (\S+)$/m.exec(readFileSync(pins("modules", module, "go.mod"), "utf8"))?.[1] ?? "1.26")
    .reduce((a, b) => (newerThan(b, a) ? b : a));
  const go = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8", env: { ...process.env, GOTOOLCHAIN: "local" } });
  const how = `hint: install Go ${wanted} or later (https://go.dev/dl), or set SEALKIT_PEERS to a folder with the binaries`;
  if (go.error) throw new PeersError(`Cannot build the peers: there is no "go" in PATH\n${how}`);
  const have = /^go(\d+(?:\.\d+)*)/.exec(go.stdout)?.[1];
  if (have === undefined || newerThan(wanted, have)) {
    throw new PeersError(`Cannot build the peers: Go ${wanted} is wanted, ${go.stdout.trim() || "?"} is there\n${how}`);
  }
}

/** Builds one tool beside its final place, checks that it says the pinned version, and only then puts it there. */
export function buildGoTool(tool) {
  const { module, package: mainPackage, link, version, says } = GO_TOOLS[tool];
  const folder = peersFolder();
  mkdirSync(join(folder, ".stamps"), { recursive: true });
  const binary = join(folder, tool);
  const beside = join(folder, `.${tool}.${process.pid}`);
  const ldflags = ["-s", "-w", ...link].join(" ");
  try {
    const flags = ["build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", ldflags, "-o", beside];
    const done = spawnSync("go", [...flags, mainPackage], {
      cwd: pins("modules", module),
      env: { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (done.status !== 0)
      throw new PeersError(`Cannot build ${tool}: go build ended with ${done.status ?? done.signal}`);
    const asked = spawnSync(beside, version, { encoding: "utf8", timeout: 60_000 });
    const answer = `${asked.stdout}\n${asked.stderr}`.trim();
    if (!says.test(answer))
      throw new PeersError(`Cannot use ${tool}: it does not say its pinned version but "${answer}"`);
    rmSync(stampFile(tool), { force: true });
    renameSync(beside, binary);
    const stamp = { pin: pinOf(tool), bytes: statSync(binary).size, version: answer.split("\n")[0] };
    writeFileSync(`${stampFile(tool)}.${process.pid}`, `${JSON.stringify(stamp, null, 2)}\n`);
    renameSync(`${stampFile(tool)}.${process.pid}`, stampFile(tool));
  } finally {
    rmSync(beside, { force: true });
  }
}
