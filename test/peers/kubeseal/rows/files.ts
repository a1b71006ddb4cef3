import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Invocation } from "../../../helpers/kubeseal/comparison.ts";
import { SECRET } from "../stage.ts";

function row(args: readonly string[], more: Partial<Invocation> = {}): Invocation {
  return { name: args.join(" "), args: ["--cert", "cert.pem", ...args], stdin: SECRET, ...more };
}

const old = (name: string, mode: number) => (folder: string) => {
  writeFileSync(join(folder, name), "old\n");
  chmodSync(join(folder, name), mode);
};

/** Where input comes from and where output goes. */
export function fileRows(): Invocation[] {
  return [
    row(["-f", "secret.yaml"]),
    row(["-f", "./secret.yaml"]),
    row(["--secret-file=secret.yaml"]),
    row(["-f", "none"]),
    row(["-f", "none/x"]),
    row(["-f", "cert.pem/x"]),
    row(["-f", "empty"]),
    row(["-f", ""]),
    row(["-f", "-"]),
    row(["-f", "-"], { name: "-f - with a file of that name", files: { "-": SECRET.replace("db", "x") } }),
    row(["-f", "secret.yaml", "-f", "full.yaml"]),
    row(["-f", "."], {
      differs: {
        row: "`-f` or `--secret-file` naming a folder",
        code: 1,
        stderr: /^error: read \.: is a directory/,
        hangs: true,
      },
    }),
    row(["-f", "link"], { prepare: (folder) => symlinkSync("secret.yaml", join(folder, "link")) }),
    row(["-f", "link"], {
      name: "-f a link to nowhere",
      prepare: (folder) => symlinkSync("nowhere", join(folder, "link")),
    }),
    row(["-f", "link"], {
      name: "-f a link to itself",
      prepare: (folder) => symlinkSync("link", join(folder, "link")),
    }),
    row(["-f", "/dev/null"]),
    row(["-f", "x".repeat(300)], { name: "-f a very long name" }),
    row(["-w", "out"]),
    row(["-w", "out.json"]),
    row(["-w", "out.yaml"]),
    row(["-w", "out.yml"]),
    row(["-w", "out.YAML"]),
    row(["-w", "out.yaml.bak"]),
    row(["-w", ".yaml"]),
    row(["-w", "yaml"]),
    row(["-w", "./out.yaml"]),
    row(["-w", "out.yaml", "-o", "json"]),
    row(["-w", "out.yaml", "-o", "xml"]),
    row(["-w", "out", "-o", "YAML"]),
    row(["-w", "out", "-o", "xml"], { prepare: old("out", 0o644) }),
    row(["-w", "a.yaml", "-w", "b"]),
    row(["-w", ""]),
    row(["-w", "sub/out.yaml"], { prepare: (folder) => mkdirSync(join(folder, "sub")) }),
    row(["-w", "sub"], {
      prepare: (folder) => mkdirSync(join(folder, "sub")),
      differs: { row: "`-w` naming a folder", code: 1, stderr: /^error: open sub: is a directory\n/ },
    }),
    row(["-w", "out.yaml"], { name: "-w over a file", prepare: old("out.yaml", 0o644) }),
    row(["-w", "out.yaml"], { name: "-w over a file with a mode of its own", prepare: old("out.yaml", 0o640) }),
    row(["-w", "out.yaml"], { name: "-w over a read-only file", prepare: old("out.yaml", 0o444) }),
    row(["-w", "link.yaml"], {
      name: "-w over a link",
      prepare: (folder) => {
        old("out", 0o644)(folder);
        symlinkSync("out", join(folder, "link.yaml"));
      },
      differs: { row: "`-w` onto a symbolic link", code: 0 },
    }),
    row(["-w", "link.yaml"], {
      name: "-w over a link to nowhere",
      prepare: (folder) => symlinkSync("nowhere", join(folder, "link.yaml")),
      differs: { row: "`-w` onto a symbolic link", code: 0 },
    }),
    row(["-f", "secret.yaml", "-w", "secret.yaml"]),
    row(["-f", "secret.yaml", "-w", "secret.yaml", "-o", "json"]),
    row(["-w", "out.yaml"], { name: "-w and an empty input", stdin: "", prepare: old("out.yaml", 0o644) }),
    row(["-w", "out.yaml"], {
      name: "-w and a later failure",
      stdin: `${SECRET}---\nkind: Secret\ndata: {a: eA==}\n`,
      prepare: old("out.yaml", 0o644),
    }),
    row(["-w", "none/out.yaml"], {
      differs: {
        row: "`-w` into a folder that is not there",
        code: 1,
        stderr: /^error: open none\/out\.yaml: no such file or directory\n/,
      },
    }),
    row(["-w", "cert.pem/out.yaml"], {
      differs: { row: "`-w` into a folder that is not there", code: 1, stderr: /^error: open cert\.pem\/out\.yaml: / },
    }),
    row(["-f", "none", "-w", "none/out.yaml"]),
    row(["-w", "out.yaml", "--raw", "--scope", "cluster-wide"]),
    row(["-w", "out.yaml"], { name: "-w of two documents", stdin: `${SECRET}---\n${SECRET.replace("db", "x")}` }),
    row(["-w", "out"], { name: "-w of two documents as JSON", stdin: `${SECRET}---\n${SECRET.replace("db", "x")}` }),
  ];
}

const MODES: Readonly<Record<string, readonly string[]>> = {
  recovery: ["--recovery-unseal", "--recovery-private-key", "key.pem"],
  validate: ["--validate"],
  "re-encrypt": ["--re-encrypt"],
  "fetch-cert": ["--fetch-cert"],
  merge: ["--merge-into", "sealed.json"],
  raw: ["--raw", "--scope", "cluster-wide"],
};

/** Every two modes at once, on input that suits either: which one is meant, and which mistake is told first. */
export function modeRows(): Invocation[] {
  const rows: Invocation[] = [];
  const names = Object.keys(MODES);
  for (const first of names) {
    for (const second of names.slice(names.indexOf(first) + 1)) {
      const args = [...(MODES[first] ?? []), ...(MODES[second] ?? [])];
      rows.push(
        {
          name: `${first} and ${second}`,
          args: ["--cert", "cert.pem", ...args, "-f", "sealed.yaml"],
          env: { KUBECONFIG: "kc" },
        },
        { name: `${first} and ${second}, no input`, args: ["--cert", "cert.pem", ...args], stdin: "" },
        { name: `${first} and ${second}, missing files`, args: [...args, "--cert", "none.pem", "-f", "none"] },
      );
    }
  }
  rows.push(
    { name: "all modes", args: ["--cert", "cert.pem", ...Object.values(MODES).flat(), "-f", "sealed.yaml"] },
    { name: "no mode and nothing to seal with", args: [], stdin: SECRET },
    { name: "from-file before -f", args: ["--from-file", "x", "-f", "none"] },
    { name: "from-file before version", args: ["--from-file", "x", "--help"] },
    { name: "-f before --cert", args: ["-f", "none", "--cert", "none.pem"] },
    { name: "--cert before -o", args: ["-o", "xml", "--cert", "none.pem"] },
    { name: "--cert before the input", args: ["--cert", "none.pem"], stdin: "" },
    { name: "the certificate before the merge target", args: ["--cert", "key.pem", "--merge-into", "none"] },
    { name: "the input before -o", args: ["--cert", "cert.pem", "-o", "xml"], stdin: "" },
    { name: "the name before -o", args: ["--cert", "cert.pem", "-o", "xml"], stdin: "kind: Secret\ndata: {a: eA==}\n" },
    {
      name: "the namespace before the name",
      args: ["--cert", "cert.pem", "-n", "other"],
      stdin: "kind: Secret\nmetadata: {namespace: apps}\ndata: {a: eA==}\n",
    },
    { name: "empty data before the name", args: ["--cert", "cert.pem"], stdin: "kind: Secret\n" },
    {
      name: "empty data before the namespace",
      args: ["--cert", "cert.pem", "-n", "other"],
      stdin: "kind: Secret\nmetadata: {namespace: apps, name: x}\n",
    },
    { name: "raw: the name before the file", args: ["--cert", "cert.pem", "--raw", "-n", "a", "--from-file", "none"] },
    { name: "raw: the namespace before the name", args: ["--cert", "cert.pem", "--raw"] },
    {
      name: "raw: the number of files before their content",
      args: ["--cert", "cert.pem", "--raw", "-n", "a", "--name", "b", "--from-file", "none", "--from-file", "x"],
    },
    {
      name: "raw: the number of files before the name",
      args: ["--cert", "cert.pem", "--raw", "-n", "a", "--from-file", "none", "--from-file", "x"],
    },
  );
  return rows;
}
