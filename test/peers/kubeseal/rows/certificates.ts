import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Invocation } from "../../../helpers/kubeseal/comparison.ts";
import { SECRET } from "../stage.ts";

/** Stands for a web server that has certificates. */
const PAGES = "@PAGES";

/** Certificates and how they are named. */
export function certificateRows(): Invocation[] {
  const row = (cert: string, more: Partial<Invocation> = {}): Invocation => ({
    name: `--cert ${cert}`,
    args: ["--cert", cert],
    stdin: SECRET,
    ...more,
  });
  const file = (name: string, content: (cert: string) => string): Invocation =>
    row("made.pem", {
      name: `certificate: ${name}`,
      prepare: (folder) => rewrite(folder, "cert.pem", "made.pem", content),
    });
  const url = (path: string, more: Partial<Invocation> = {}): Invocation =>
    row(`${PAGES}${path}`, { name: `certificate at ${path}`, ...more });
  return [
    ...[
      "cert.pem",
      "./cert.pem",
      "future.pem",
      "chain.pem",
      "public.pem",
      "key.pem",
      "ec-key.pem",
      "empty",
      "none.pem",
      ".",
      "none/x.pem",
      "cert.pem/x",
    ].map((name) => row(name)),
    row("expired.pem"),
    row("ec.pem", {
      differs: {
        row: "the first certificate is not RSA",
        code: 1,
        stderr: /^error: expected RSA public key but found &\{/,
      },
    }),
    file("CRLF", (cert) => cert.replaceAll("\n", "\r\n")),
    file("text around", (cert) => `subject=\n\n${cert}\nmore\n`),
    file("no line end", (cert) => cert.trimEnd()),
    file("blanks before", (cert) => `  \n\n${cert}`),
    file("indented", (cert) => cert.replace(/^/gm, "  ")),
    file("one line", (cert) => cert.replace(/(?<!-)\n(?!-)/g, "")),
    file("cut", (cert) => cert.slice(0, 300)),
    file("without its end", (cert) => cert.replace(/-----END.*/, "")),
    file("headers", (cert) => cert.replace("CERTIFICATE-----\n", "CERTIFICATE-----\nA: b\n\n")),
    file("two of it", (cert) => cert + cert),
    file("another label", (cert) => cert.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")),
    file("a byte order mark", (cert) => `\uFEFF${cert}`),
    file("garbage in base64", (cert) => cert.replace(/\n[A-Za-z0-9+/]{10}/, "\n!!!!!!!!!!")),
    row("FILE", { name: "a name in capitals", files: { file: "x" } }),
    row("c:cert.pem", { name: "one letter before a colon", files: { "c:cert.pem": "x" } }),
    row("c:none.pem", { name: "one letter before a colon, missing" }),
    row("a b.pem", { name: "a blank in the name", files: { "a b.pem": "x" } }),
    row("file:///none/cert.pem"),
    row("file:cert.pem", {
      differs: {
        row: "`--cert` with a file URL that names no file",
        code: 1,
        stderr: /^error: cannot fetch "file:cert\.pem": 404 Not Found\n/,
      },
    }),
    row("FILE:///none"),
    row("http://127.0.0.1:1/cert"),
    row("https://127.0.0.1:1/cert"),
    row("ftp://127.0.0.1/cert"),
    row("gopher:x"),
    row("ab:cert.pem"),
    row("mailto:a@b"),
    row("http://"),
    row("http:///x"),
    row("http://[::1"),
    row("http://127.0.0.1:99999/x"),
    url("/cert.pem"),
    url("/cert.pem?a=b"),
    url("/cert.pem#part"),
    url("/moved"),
    url("/moved-twice"),
    url("/loop"),
    url("/empty"),
    url("/html"),
    url("/missing"),
    url("/broken"),
    url("/forbidden"),
    url("/teapot"),
    url("/created"),
    url("/no-content"),
    url("/nowhere-to-go"),
    url("/cert.pem", { name: "a URL, proxied from the environment", env: { HTTP_PROXY: "http://127.0.0.1:1" } }),
    row("http://sealed.example/cert.pem", {
      name: "a name behind a proxy that is not there",
      env: { HTTP_PROXY: "http://127.0.0.1:1" },
      differs: {
        row: "a proxy that is not there",
        code: 1,
        stderr: /dial tcp 127\.0\.0\.1:1: connect: connection refused/,
      },
    }),
    row("http://sealed.example/cert.pem", { name: "a name behind a proxy", env: { HTTP_PROXY: PAGES } }),
    row("http://sealed.example/cert.pem", {
      name: "a name behind a proxy, in small letters",
      env: { http_proxy: PAGES },
    }),
    row("http://sealed.example/cert.pem", {
      name: "a name behind a proxy that it is exempt from",
      env: { HTTP_PROXY: PAGES, NO_PROXY: "127.0.0.1,sealed.example" },
      args: ["--cert", "http://127.0.0.1:1/x"],
    }),
    { name: "--fetch-cert of a file", args: ["--fetch-cert", "--cert", "cert.pem"] },
    { name: "--fetch-cert of no certificate", args: ["--fetch-cert", "--cert", "secret.yaml"] },
    { name: "--fetch-cert of an expired one", args: ["--fetch-cert", "--cert", "expired.pem"] },
    { name: "--fetch-cert into a file", args: ["--fetch-cert", "--cert", "cert.pem", "-w", "out.pem"] },
    { name: "an expired certificate and an empty input", args: ["--cert", "expired.pem"], stdin: "" },
    {
      name: "an expired certificate and a broken Secret",
      args: ["--cert", "expired.pem"],
      stdin: "kind: Secret\ndata: {a: '!'}\n",
    },
    {
      name: "an expired certificate and no name",
      args: ["--cert", "expired.pem"],
      stdin: "kind: Secret\ndata: {a: eA==}\n",
    },
    {
      name: "an expired certificate, raw",
      args: ["--cert", "expired.pem", "--raw", "--scope", "cluster-wide"],
      stdin: "x",
    },
    { name: "an expired certificate, raw, no name", args: ["--cert", "expired.pem", "--raw", "-n", "a"], stdin: "x" },
    {
      name: "an expired certificate, merge",
      args: ["--cert", "expired.pem", "--merge-into", "sealed.yaml"],
      stdin: SECRET,
    },
    {
      name: "an expired certificate, no items",
      args: ["--cert", "expired.pem", "--allow-empty-data"],
      stdin: "kind: Secret\nmetadata: {name: a, namespace: b}\n",
    },
    { name: "two certificates", args: ["--cert", "none.pem", "--cert", "cert.pem"], stdin: SECRET },
  ];
}

function rewrite(folder: string, from: string, to: string, change: (text: string) => string): void {
  writeFileSync(join(folder, to), change(readFileSync(join(folder, from), "utf8")));
}
