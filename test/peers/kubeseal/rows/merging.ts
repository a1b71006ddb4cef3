import { chmodSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Difference, Invocation } from "../../../helpers/kubeseal/comparison.ts";
import { SECRET } from "../stage.ts";

const MORE = "kind: Secret\nmetadata: {name: db, namespace: apps}\nstringData: {more: added}\n";
const BITNAMI = "sealedsecrets.bitnami.com";

interface Merge {
  readonly target?: string;
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly prepare?: (folder: string) => void;
  readonly differs?: Difference;
}

function merge(
  name: string,
  { target = "sealed.yaml", args = ["-o", "yaml"], stdin = MORE, ...more }: Merge = {},
): Invocation {
  return { name: `merge: ${name}`, args: ["--cert", "cert.pem", "--merge-into", target, ...args], stdin, ...more };
}

/** A change to a target before the run. */
function changed(change: (text: string) => string, file = "sealed.yaml"): (folder: string) => void {
  return (folder) => {
    const path = join(folder, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  };
}

const CRASH: Difference = { row: "`--merge-into` a target without", code: 0 };
const SCOPE: Difference = { row: "`--merge-into` a namespace-wide", code: 0 };

/** `--merge-into`: what is taken from where, and what it does to the file. */
export function mergeRows(): Invocation[] {
  return [
    merge("into YAML"),
    merge("into YAML, as JSON", { args: [] }),
    merge("into JSON", { target: "sealed.json", args: [] }),
    merge("into JSON, as YAML", { target: "sealed.json" }),
    merge("over an item that is there", { stdin: MORE.replace("more", "user") }),
    merge("a full one", { target: "sealed-full.yaml" }),
    merge("a full one into a full one", { target: "sealed-full.yaml", stdin: readFull() }),
    merge("labels", {
      target: "sealed-full.yaml",
      stdin: MORE.replace("name: db,", "name: db, labels: {app: y, c: z},"),
    }),
    merge("annotations", {
      target: "sealed-full.yaml",
      stdin: MORE.replace("name: db,", "name: db, annotations: {note: n, z: 1},"),
    }),
    merge("a type and immutable", { target: "sealed-full.yaml", stdin: `${MORE}type: x/y\nimmutable: false\n` }),
    merge("from -f", { args: ["-o", "yaml", "-f", "secret.yaml"] }),
    merge("-w", { args: ["-o", "yaml", "-w", "out.yaml"] }),
    merge("-w, format by its name", { args: ["-w", "out.yaml"] }),
    merge("-w onto the target", {
      args: ["-o", "yaml", "-w", "sealed.yaml"],
      differs: { row: "`--merge-into` with `-w`", code: 0 },
    }),
    merge("a bad format", { args: ["-o", "xml"] }),
    merge("another name in the input", { stdin: MORE.replace("name: db", "name: other") }),
    merge("another namespace in the input", { stdin: MORE.replace("namespace: apps", "namespace: other") }),
    merge("no name in the input", { stdin: "stringData: {more: added}\n" }),
    merge("--name", { args: ["-o", "yaml", "--name", "other"] }),
    merge("-n of the target", { args: ["-o", "yaml", "-n", "apps"] }),
    merge("-n of another", { args: ["-o", "yaml", "-n", "other"] }),
    merge("the environment's namespace", { env: { SEALED_SECRETS_NAMESPACE: "other" } }),
    merge("--scope strict", { args: ["-o", "yaml", "--scope", "strict"] }),
    merge("--scope cluster-wide", {
      args: ["-o", "yaml", "--scope", "cluster-wide"],
      differs: {
        ...CRASH,
        code: 1,
        stderr: /^error: the SealedSecret is strict, the new items would be cluster-wide\n/,
      },
    }),
    merge("into namespace-wide", { target: "sealed-nsw.yaml", differs: SCOPE }),
    merge("into namespace-wide with its scope", {
      target: "sealed-nsw.yaml",
      args: ["-o", "yaml", "--scope", "namespace-wide"],
    }),
    merge("into cluster-wide", { target: "sealed-cw.yaml", differs: SCOPE }),
    merge("into cluster-wide with its scope", {
      target: "sealed-cw.yaml",
      args: ["-o", "yaml", "--scope", "cluster-wide"],
    }),
    merge("into cluster-wide with its scope and another -n", {
      target: "sealed-cw.yaml",
      args: ["-o", "yaml", "--scope", "cluster-wide", "-n", "other"],
    }),
    merge("namespace-wide by annotation into namespace-wide", {
      target: "sealed-nsw.yaml",
      stdin: MORE.replace("name: db,", `name: db, annotations: {${BITNAMI}/namespace-wide: "true"},`),
    }),
    merge("no data", { stdin: "kind: Secret\nmetadata: {name: db, namespace: apps}\n" }),
    merge("no data, allowed", {
      stdin: "kind: Secret\nmetadata: {name: db, namespace: apps}\n",
      args: ["-o", "yaml", "--allow-empty-data"],
    }),
    merge("an empty input", { stdin: "" }),
    merge("garbage as input", { stdin: "a: [" }),
    merge("a broken Secret", { stdin: "kind: Secret\ndata: {a: '!'}\n" }),
    merge("two documents", { stdin: `${MORE}---\n${SECRET}` }),
    merge("a second document that is broken", { stdin: `${MORE}---\nkind: Secret\ndata: {a: '!'}\n` }),
    merge("a missing target", { target: "none.yaml" }),
    merge("a folder as target", { target: "." }),
    merge("an empty target", { target: "empty", differs: { ...CRASH, code: 1 } }),
    merge("a Secret as target", { target: "secret.yaml" }),
    merge("garbage as target", { target: "cert.pem" }),
    merge("a number as target", { prepare: changed(() => "5\n") }),
    merge("another version", { prepare: changed((text) => text.replace("v1alpha1", "v1alpha2")) }),
    merge("another kind", { prepare: changed((text) => text.replace("SealedSecret", "Sealed")) }),
    merge("no kind", { prepare: changed((text) => text.replace("kind: SealedSecret\n", "")) }),
    merge("no items in the target", {
      prepare: changed((text) => text.replace(/ {2}encryptedData:\n( {4}.*\n)+/, "")),
      differs: CRASH,
    }),
    merge("no template in the target", { prepare: changed((text) => text.replace(/ {2}template:\n( {4}.*\n)+/, "")) }),
    merge("labels into a template without", {
      stdin: MORE.replace("name: db,", "name: db, labels: {a: b},"),
      differs: CRASH,
    }),
    merge("annotations into a template without", {
      stdin: MORE.replace("name: db,", "name: db, annotations: {a: b},"),
      differs: CRASH,
    }),
    merge("templates in the target", {
      prepare: changed((text) => text.replace("  template:\n", "  template:\n    data:\n      a: '{{ .user }}'\n")),
    }),
    merge("unknown fields in the target", { prepare: changed((text) => `${text}status: {}\nextra: {a: b}\n`) }),
    merge("a creationTimestamp in the target", {
      prepare: changed((text) => text.replace("metadata:\n", "metadata:\n  creationTimestamp: null\n")),
    }),
    merge("labels of the target itself", {
      prepare: changed((text) => text.replace("metadata:\n", "metadata:\n  labels: {own: x}\n")),
    }),
    merge("comments in the target", { prepare: changed((text) => `# keep?\n${text}`) }),
    merge("two documents in the target", {
      prepare: changed((text) => `${text}---\n${text.replaceAll("name: db", "name: x")}`),
    }),
    merge("a boolean annotation in the target", {
      prepare: changed((text) => text.replace("metadata:\n", "metadata:\n  annotations: {a: yes}\n")),
    }),
    merge("a mode of its own", { prepare: (folder) => chmodSync(join(folder, "sealed.yaml"), 0o640) }),
    merge("through a link", {
      target: "link.yaml",
      prepare: (folder) => symlinkSync("sealed.yaml", join(folder, "link.yaml")),
    }),
    merge("a link to nowhere", {
      target: "link.yaml",
      prepare: (folder) => symlinkSync("none.yaml", join(folder, "link.yaml")),
    }),
  ];
}

function readFull(): string {
  return readFileSync(join(import.meta.dirname, "../full-secret.yaml"), "utf8");
}
