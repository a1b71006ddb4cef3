import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ClearText } from "../../../src/clear-text.ts";
import { type IsolatedRenderer, type IsolatedRendererOptions, isolatedRenderer } from "../../../src/secrets/index.ts";

/** A worker whose templates are orders: what it does to its process is what a hostile template could. */
const WORKER = `
const hold = new Int32Array(new SharedArrayBuffer(4));
process.on("message", ({ id, request }) => {
  const rendered = [], problems = [];
  for (const [item, source] of request.templates) {
    process.send({ id, at: item });
    if (source === "loop") for (;;) Atomics.wait(hold, 0, 0, 5);
    if (source === "exit") process.exit(1);
    if (source === "fatal") { const all = []; for (;;) all.push("x".repeat(1000).split("")); }
    if (source === "throw") throw new Error("canary-value");
    if (source === "slow") Atomics.wait(hold, 0, 0, 150);
    if (source === "fail") problems.push({ item, failure: "failed", line: 1, text: new TextEncoder().encode("why") });
    const text = source === "env" ? JSON.stringify([Object.keys(process.env), process.argv.slice(3)]) : source + "@" + process.pid;
    rendered.push([item, new TextEncoder().encode(text)]);
  }
  process.send({ id, answer: { rendered, problems } });
});
`;

let folder: string;
let worker: URL;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sealkit-render-"));
  writeFileSync(join(folder, "worker.mjs"), WORKER);
  worker = pathToFileURL(join(folder, "worker.mjs"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let renderer: IsolatedRenderer | undefined;
afterEach(() => renderer?.close());

function start(options: IsolatedRendererOptions = {}): IsolatedRenderer {
  renderer = isolatedRenderer({ worker, quickMs: 10_000, slowMs: 10_000, ...options });
  return renderer;
}

async function render(own: IsolatedRenderer, source: string, namespace = "apps") {
  const found = await own.render({ namespace, templates: new Map([["t", source]]), values: new Map() });
  if (found.kind === "busy") return found.kind;
  if (found.kind === "failed") return found.problems.map(({ item, failure }) => `${item}: ${failure}`).join();
  return [...found.data].map(([item, value]) => `${item}=${value.revealText()}`).join();
}

const processOf = (text: string) => text.split("@")[1];

describe("isolatedRenderer()", () => {
  test("renders, and keeps the process for the next", async () => {
    const own = start();
    const [first, second] = [await render(own, "a"), await render(own, "b")];
    expect([first.split("@")[0], second.split("@")[0]]).toEqual(["t=a", "t=b"]);
    expect(processOf(first)).toBe(processOf(second));
  });

  test("the process has neither environment nor arguments of the process", async () => {
    expect(await render(start(), "env")).toBe('t=[["TZ"],[]]');
  });

  test("problems come back with the item", async () => {
    expect(await render(start(), "fail")).toBe("t: failed");
  });

  test.each([
    ["loop", { quickMs: 250, slowMs: 250 }, "t: time"],
    ["fatal", { heapMb: 16 }, "t: memory"],
    ["exit", {}, "t: crash"],
    ["throw", {}, "t: crash"],
  ])("%s ends the process and not the process; the next template finds a new one", async (source, options, want) => {
    const own = start(options);
    const before = processOf(await render(own, "a"));
    expect(await render(own, source)).toBe(want);
    const after = await render(own, "b");
    expect(after.startsWith("t=b@")).toBe(true);
    expect(processOf(after)).not.toBe(before);
  });

  test("what a process died of is not told", async () => {
    const found = await start().render({ namespace: "a", templates: new Map([["t", "throw"]]), values: new Map() });
    const texts = found.kind === "failed" ? found.problems.map(({ text }) => text.revealText()) : [];
    expect(texts).toEqual(["template: t: execution was ended: crash"]);
  });

  test("a template that loops holds up the others no longer than the quick lane allows", async () => {
    const own = start({ quickMs: 700, slowMs: 60_000 });
    const hostile = render(own, "loop", "hostile");
    expect(await render(own, "a", "apps")).toMatch(/^t=a@/);
    await own.close();
    expect(await hostile).toBe("t: crash");
  });

  test("namespaces take turns", async () => {
    const own = start({ waitingPerNamespace: 8 });
    const order: string[] = [];
    const job = (namespace: string) => render(own, "a", namespace).then(() => order.push(namespace));
    await Promise.all([job("many"), job("many"), job("many"), job("many"), job("one")]);
    expect(order.indexOf("one")).toBeLessThanOrEqual(2);
  });

  test("more than may wait is told to come again, of one namespace and in all", async () => {
    const own = start({ waiting: 2, waitingPerNamespace: 2 });
    const namespaces = ["a", "a", "a", "b", "b", "c", "d"];
    const answers = await Promise.all(namespaces.map((namespace) => render(own, "slow", namespace)));
    expect(answers.map((answer) => answer.replace(/@\d+$/, ""))).toEqual([
      "t=slow",
      "t=slow",
      "busy",
      // One of each that has nothing here yet, until there are twice as many.
      "t=slow",
      "busy",
      "t=slow",
      "busy",
    ]);
    expect(await render(own, "x", "d")).toMatch(/^t=x@/);
  });

  test("templates that take long take no places from the others, and are known the next time", async () => {
    const own = start({ quickMs: 250, slowMs: 60_000, waiting: 2, slowWaiting: 1, slowWaitingPerNamespace: 1 });
    const isFull = (source: string, namespace: string) =>
      own.isFull({ namespace, templates: new Map([["t", source]]) });
    const hostile = render(own, "loop", "hostile");
    expect(isFull("a", "hostile")).toBe(false);
    expect(await render(own, "a", "apps")).toMatch(/^t=a@/);
    expect([isFull("loop", "hostile"), isFull("loop", "apps"), isFull("a", "hostile")]).toEqual([true, false, false]);
    // At once: the quick lane is not asked again.
    expect(await render(own, "loop", "hostile")).toBe("busy");
    await own.close();
    expect(await hostile).toBe("t: crash");
  });

  test("values arrive as the bytes that they are", async () => {
    const values = new Map([["bin", new ClearText(Uint8Array.of(255, 0, 128))]]);
    const found = await start().render({ namespace: "a", templates: new Map([["t", "a"]]), values });
    expect(found.kind).toBe("rendered");
    expect([...(values.get("bin")?.reveal() ?? [])]).toEqual([255, 0, 128]);
  });
});
