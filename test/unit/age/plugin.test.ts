import { describe, expect, test } from "vitest";
import {
  AgeError,
  decryptBytes,
  encryptBytes,
  generateX25519Identity,
  type PluginPrompts,
  type Plugins,
  parseIdentitiesFile,
  parseIdentity,
  parseRecipient,
  parseRecipientsFile,
  pluginIdentity,
  pluginIdentityNamed,
  pluginIdentityRecipient,
  pluginRecipient,
} from "../../../src/age/index.ts";
import { encodeBech32 } from "../../../src/bytes/bech32.ts";

const RECIPIENT = encodeBech32("age1foo", Uint8Array.of(1, 2, 3));
const IDENTITY = encodeBech32("age-plugin-foo-", Uint8Array.of(4, 5)).toUpperCase();

interface Word {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: string;
}

/** A plugin in memory: `script` is its program, which hears what we say and says what it likes. */
interface Script {
  /** The next stanza from us, without grease. */
  hear(): Promise<Word>;
  say(line: string, body?: string | Uint8Array): void;
  raw(text: string | Uint8Array): void;
}

class Pipe {
  readonly #items: (Uint8Array | undefined)[] = [];
  #wake: () => void = () => undefined;

  push(item: Uint8Array | undefined): void {
    this.#items.push(item);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (this.#items.length === 0) {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
      const item = this.#items.shift();
      if (item === undefined) return;
      yield item;
    }
  }
}

interface Stage {
  readonly plugins: Plugins;
  readonly started: string[];
  readonly heard: Word[];
  readonly stopped: () => number;
  /** Makes all time pass that timers wait for. */
  readonly passTime: (ms: number) => void;
}

function stage(program: (script: Script) => Promise<void>, prompts?: PluginPrompts): Stage {
  const started: string[] = [];
  const heard: Word[] = [];
  const timers = new Map<() => void, number>();
  let stopped = 0;
  const plugins: Plugins = {
    prompts,
    after(ms, then) {
      timers.set(then, ms);
      return () => timers.delete(then);
    },
    async start(name, machine) {
      started.push(`${name} ${machine}`);
      const [toPlugin, fromPlugin] = [new Pipe(), new Pipe()];
      let text = "";
      const words = (async function* () {
        for await (const piece of toPlugin) {
          text += Buffer.from(piece).toString();
          for (let match = STANZA.exec(text); match !== null; match = STANZA.exec(text)) {
            text = text.slice(match[0].length);
            const [type = "", ...args] = (match[1] ?? "").split(" ");
            yield { type, args, body: Buffer.from((match[2] ?? "").replaceAll("\n", ""), "base64").toString("latin1") };
          }
        }
      })();
      const script: Script = {
        async hear() {
          for (;;) {
            const next = await words.next();
            if (next.done) throw new Error("nothing more to hear");
            if (next.value.type.startsWith("grease-")) continue;
            heard.push(next.value);
            return next.value;
          }
        },
        say(line, body = "") {
          const base64 = Buffer.from(body).toString("base64").replace(/=+$/, "");
          const lines: string[] = base64.match(/.{1,64}/g) ?? [];
          if (base64.length % 64 === 0) lines.push("");
          this.raw(`-> ${line}\n${lines.join("\n")}\n`);
        },
        raw: (said) => fromPlugin.push(Buffer.from(said)),
      };
      program(script)
        .catch(() => undefined)
        .finally(() => fromPlugin.push(undefined));
      return {
        output: fromPlugin,
        write: async (bytes) => toPlugin.push(bytes.slice()),
        stop: async () => {
          stopped++;
          toPlugin.push(undefined);
        },
      };
    },
  };
  const passTime = (limit: number) => {
    for (const [then, ms] of [...timers]) if (ms <= limit) then();
  };
  return { plugins, started, heard, stopped: () => stopped, passTime };
}

const STANZA = /^-> (.*)\n((?:.{64}\n)*.{0,63}\n)/;

/** Hears all of the first phase. */
async function hearAll(script: Script): Promise<Word[]> {
  const words: Word[] = [];
  do words.push(await script.hear());
  while (words.at(-1)?.type !== "done");
  return words;
}

/** Wraps by writing the file key into the stanza. */
async function wrapping(script: Script, between: (script: Script) => Promise<void> = async () => undefined) {
  const words = await hearAll(script);
  const key = words.find(({ type }) => type === "wrap-file-key")?.body ?? "";
  await between(script);
  script.say("recipient-stanza 0 foo some args", Buffer.from(key, "latin1"));
  await script.hear();
  script.say("done");
}

async function unwrapping(script: Script): Promise<void> {
  const words = await hearAll(script);
  const own = words.find(({ args }) => args[1] === "foo");
  if (own !== undefined) {
    script.say("file-key 0", Buffer.from(own.body, "latin1"));
    await script.hear();
  }
  script.say("done");
}

const ended = async (work: Promise<unknown>): Promise<AgeError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof AgeError) return error;
    throw error;
  }
  throw new Error("did not fail");
};

const HELLO = new TextEncoder().encode("hello");

async function encrypted(): Promise<Uint8Array> {
  return encryptBytes(HELLO, [pluginRecipient(RECIPIENT, stage(wrapping).plugins)]);
}

describe("both conversations", () => {
  test("a file for a plugin's recipient is read with its identity", async () => {
    const wrap = stage(wrapping);
    const file = await encryptBytes(HELLO, [parseRecipient(RECIPIENT, { plugins: wrap.plugins })]);
    const unwrap = stage(unwrapping);
    const identity = parseIdentity(IDENTITY, { plugins: unwrap.plugins });
    expect((await decryptBytes(file, [identity])).revealText()).toBe("hello");
    expect([...wrap.started, ...unwrap.started]).toEqual(["foo recipient-v1", "foo identity-v1"]);
    expect(wrap.heard.map(({ type }) => type)).toEqual([
      ...["add-recipient", "wrap-file-key", "extension-labels", "done"],
      "ok",
    ]);
    expect(wrap.heard[0]?.args).toEqual([RECIPIENT]);
    expect(unwrap.heard.map(({ type }) => type)).toEqual(["add-identity", "recipient-stanza", "done", "ok"]);
    expect(unwrap.heard[1]?.args).toEqual(["0", "foo", "some", "args"]);
    expect([wrap.stopped(), unwrap.stopped()]).toEqual([1, 1]);
  });

  test("an identity is encrypted to by the plugin itself", async () => {
    const { plugins, heard } = stage(wrapping);
    await encryptBytes(HELLO, [pluginIdentityRecipient(IDENTITY, plugins)]);
    expect(heard[0]).toMatchObject({ type: "add-identity", args: [IDENTITY] });
    expect(await parseIdentity(IDENTITY, { plugins }).asRecipient?.().wrap(new Uint8Array(16))).toBeDefined();
  });

  test("-j NAME: an identity without data", async () => {
    const { plugins, heard } = stage(unwrapping);
    const identity = pluginIdentityNamed("Foo", plugins);
    expect((await decryptBytes(await encrypted(), [identity])).revealText()).toBe("hello");
    expect(heard[0]?.args[0]).toMatch(/^AGE-PLUGIN-FOO-1[A-Z0-9]{6}$/);
  });

  test("no plugin is asked when a key file does", async () => {
    const secret = generateX25519Identity();
    const own = parseIdentity(secret);
    const file = await encryptBytes(HELLO, [parseRecipient(own.name)]);
    const { plugins, started } = stage(unwrapping);
    expect((await decryptBytes(file, [pluginIdentity(IDENTITY, plugins), own])).revealText()).toBe("hello");
    expect(started).toEqual([]);
  });

  test("a plugin that knows none of the stanzas is no match", async () => {
    const file = await encryptBytes(HELLO, [parseRecipient(parseIdentity(generateX25519Identity()).name)]);
    const { plugins } = stage(unwrapping);
    const error = await ended(decryptBytes(file, [pluginIdentity(IDENTITY, plugins)]));
    expect(error).toMatchObject({ code: "AGE_NO_MATCH" });
    expect(error.details.join()).toContain("the foo plugin");
  });

  test("files with plugin lines", async () => {
    const { plugins } = stage(wrapping);
    expect(parseRecipientsFile(`# c\n${RECIPIENT}\n`, { plugins })[0]?.name).toBe(RECIPIENT);
    expect(parseIdentitiesFile(`# c\n${IDENTITY}\n`, { plugins })[0]?.name).toBe("the foo plugin");
  });
});

describe("labels", () => {
  const labelled = (...labels: string[]) =>
    stage((script) =>
      wrapping(script, async () => {
        script.say(["labels", ...labels].join(" "));
        await script.hear();
      }),
    ).plugins;
  const classic = parseRecipient(parseIdentity(generateX25519Identity()).name);

  test("post-quantum does not mix with classic", async () => {
    const mixed = [classic, pluginRecipient(RECIPIENT, labelled("postquantum"))];
    expect(await ended(encryptBytes(HELLO, mixed))).toMatchObject({
      code: "AGE_RECIPIENTS_MIXED",
      original: expect.stringContaining("can't mix post-quantum and classic recipients"),
    });
  });

  test("equal labels in any order do", async () => {
    const [one, two] = [labelled("b", "a"), labelled("a", "b")];
    await encryptBytes(HELLO, [pluginRecipient(RECIPIENT, one), pluginRecipient(RECIPIENT, two)]);
    await encryptBytes(HELLO, [classic, pluginRecipient(RECIPIENT, labelled())]);
  });
});

describe("questions", () => {
  const asked: string[] = [];
  const prompts: PluginPrompts = {
    show: async (plugin, message) => void asked.push(`show ${plugin} ${message}`),
    ask: async (_, question, { secret }) => {
      asked.push(`${secret ? "secret" : "public"} ${question}`);
      if (question === "nobody") throw new Error("nobody there");
      return "ünswer";
    },
    confirm: async (_, question, { yes, no }) => {
      asked.push(`confirm ${question} ${yes} ${no}`);
      return no !== undefined;
    },
  };
  const b64 = (text: string) => Buffer.from(text).toString("base64").replace(/=+$/, "");

  test.each([
    { say: "msg", body: "Hello", answer: "ok", asks: "show foo Hello" },
    { say: "request-public", body: "Name?", answer: "ok", back: "ünswer", asks: "public Name?" },
    { say: "request-secret", body: "PIN?", answer: "ok", back: "ünswer", asks: "secret PIN?" },
    { say: "request-secret", body: "nobody", answer: "fail", asks: "secret nobody" },
    { say: `confirm ${b64("Yes")} ${b64("No")}`, body: "Sure?", answer: "ok yes", asks: "confirm Sure? Yes No" },
    { say: `confirm ${b64("Ok")}`, body: "Sure?", answer: "ok no", asks: "confirm Sure? Ok undefined" },
    { say: "something-new a b", body: "x", answer: "unsupported", asks: undefined },
    { say: "file-key 0", body: "0123456789abcdef", answer: "unsupported", asks: undefined },
  ])("$say $body", async ({ say, body, answer, back = "", asks }) => {
    asked.length = 0;
    let answered: Word | undefined;
    const ask = async (script: Script) => {
      script.say(say, body);
      answered = await script.hear();
    };
    await encryptBytes(HELLO, [pluginRecipient(RECIPIENT, stage((script) => wrapping(script, ask), prompts).plugins)]);
    expect([answered?.type, ...(answered?.args ?? [])].join(" ")).toBe(answer);
    expect(Buffer.from(answered?.body ?? "", "latin1").toString()).toBe(back);
    expect(asked).toEqual(asks === undefined ? [] : [asks]);
  });

  test("without anybody to ask, the plugin is told so", async () => {
    const answers: string[] = [];
    const ask = async (script: Script) => {
      for (const say of ["msg", "request-public", "request-secret", `confirm ${b64("Yes")}`]) {
        script.say(say, "?");
        answers.push((await script.hear()).type);
      }
    };
    await encryptBytes(HELLO, [pluginRecipient(RECIPIENT, stage((script) => wrapping(script, ask)).plugins)]);
    expect(answers).toEqual(["fail", "fail", "fail", "fail"]);
  });

  test("an answer longer than a line", async () => {
    const long = "x".repeat(96);
    let answered: Word | undefined;
    const ask = async (script: Script) => {
      script.say("request-public", "?");
      answered = await script.hear();
    };
    const talker = stage((script) => wrapping(script, ask), { ...prompts, ask: async () => long });
    await encryptBytes(HELLO, [pluginRecipient(RECIPIENT, talker.plugins)]);
    expect(answered?.body).toBe(long);
  });
});

describe("plugins that refuse", () => {
  test("while wrapping, at once", async () => {
    const { plugins, stopped } = stage(async (script) => {
      await hearAll(script);
      script.say("error recipient 0", "bad recipient");
      await script.hear();
    });
    const native = parseRecipient(parseIdentity(generateX25519Identity()).name);
    expect(await ended(encryptBytes(HELLO, [native, pluginRecipient(RECIPIENT, plugins)]))).toMatchObject({
      code: "AGE_PLUGIN_REFUSED",
      original: "failed to wrap key for recipient #1: foo plugin: bad recipient",
    });
    expect(stopped()).toBe(1);
  });

  test("while unwrapping, after an ok", async () => {
    const { plugins, heard } = stage(async (script) => {
      await hearAll(script);
      script.say("error internal", "no device");
      await script.hear();
    });
    expect(await ended(decryptBytes(await encrypted(), [pluginIdentity(IDENTITY, plugins)]))).toMatchObject({
      code: "AGE_PLUGIN_REFUSED",
      original: "foo plugin: no device",
    });
    expect(heard.at(-1)?.type).toBe("ok");
  });

  test("with a novel for a reason", async () => {
    const { plugins } = stage(async (script) => {
      await hearAll(script);
      script.say("error internal", "x".repeat(100_000));
    });
    const error = await ended(encryptBytes(HELLO, [pluginRecipient(RECIPIENT, plugins)]));
    expect(error.original.length).toBeLessThan(1200);
  });
});

describe("plugins that are broken", () => {
  const wrapEnds = async (program: (script: Script) => Promise<void>) => {
    const { plugins, stopped } = stage(program);
    const error = await ended(encryptBytes(HELLO, [pluginRecipient(RECIPIENT, plugins)]));
    expect([error.code, stopped()]).toEqual(["AGE_PLUGIN_BROKEN", 1]);
    return error.message;
  };

  test.each([
    { name: "ends at once", says: [], why: /ended before/ },
    { name: "ends in a line", says: ["-> don"], why: /ended before/ },
    { name: "ends in a stanza", says: ["-> msg\n"], why: /ended before/ },
    { name: "no stanza", says: ["hello\n\n"], why: /no stanza/ },
    { name: "an empty line", says: ["\n"], why: /no stanza/ },
    { name: "no type", says: ["-> \n\n"], why: /no stanza/ },
    { name: "two blanks", says: ["-> msg  a\n\n"], why: /no stanza/ },
    { name: "control characters", says: ["-> m\u001b[2J\n\n"], why: /no stanza/ },
    { name: "no base64", says: ["-> msg\n!!!\n"], why: /no base64/ },
    { name: "padded base64", says: ["-> msg\nYQ==\n"], why: /no base64/ },
    { name: "a body line too long", says: [`-> msg\n${"A".repeat(65)}\n`], why: /too long/ },
    { name: "a line without end", says: [`-> msg ${"A".repeat(70_000)}`], why: /too long/ },
    { name: "done without a stanza", says: ["-> done\n\n"], why: /did not wrap/ },
    { name: "another file's stanza", says: ["-> recipient-stanza 1 foo\n\n"], why: /another file/ },
    { name: "a stanza without a type", says: ["-> recipient-stanza 0\n\n"], why: /another file/ },
    { name: "labels twice", says: ["-> labels a\n\n-> labels a\n\n"], why: /twice/ },
    { name: "a question without answers", says: ["-> confirm\n\n"], why: /malformed answers/ },
    { name: "a question with three", says: ["-> confirm YQ YQ YQ\n\n"], why: /malformed answers/ },
    { name: "a question in no base64", says: ["-> confirm YQ !\n\n"], why: /malformed answers/ },
    { name: "chatter", says: ["-> msg\n\n".repeat(5000)], why: /too much/ },
  ])("$name", async ({ says, why }) => {
    const message = await wrapEnds(async (script) => {
      await hearAll(script);
      for (const text of says) script.raw(text);
    });
    expect(message).toMatch(why);
  });

  test("a gigabyte", async () => {
    let said = 0;
    const { plugins } = stage(async () => undefined);
    const endless: Plugins = {
      ...plugins,
      start: async () => ({
        output: (async function* () {
          const line = `${"A".repeat(64)}\n`.repeat(4096);
          yield Buffer.from("-> msg\n");
          for (; said < 2 ** 30; said += line.length) yield Buffer.from(line);
        })(),
        write: async () => undefined,
        stop: async () => undefined,
      }),
    };
    const error = await ended(encryptBytes(HELLO, [pluginRecipient(RECIPIENT, endless)]));
    expect(error.message).toMatch(/too much/);
    expect(said).toBeLessThan(10 * 2 ** 20);
  });

  test("gone before it was told everything", async () => {
    const { plugins } = stage(async () => undefined);
    const deaf: Plugins = {
      ...plugins,
      start: async () => ({
        output: [] as unknown as AsyncIterable<Uint8Array>,
        write: () => Promise.reject(new Error("EPIPE")),
        stop: async () => undefined,
      }),
    };
    const error = await ended(encryptBytes(HELLO, [pluginRecipient(RECIPIENT, deaf)]));
    expect(error.message).toMatch(/before it was told/);
  });

  test("silence: first a notice, then the end", async () => {
    const waiting: string[] = [];
    let heardAll: () => void = () => undefined;
    const listening = new Promise<void>((done) => {
      heardAll = done;
    });
    const prompts = { waiting: (plugin: string) => waiting.push(plugin) } as unknown as PluginPrompts;
    const silent = stage(async (script) => {
      await hearAll(script);
      heardAll();
      await new Promise(() => undefined);
    }, prompts);
    const work = ended(encryptBytes(HELLO, [pluginRecipient(RECIPIENT, silent.plugins)]));
    await listening;
    await new Promise((done) => setImmediate(done));
    silent.passTime(5_000);
    expect(waiting).toEqual(["foo"]);
    silent.passTime(10 * 60_000);
    expect((await work).message).toMatch(/silent for 10 minutes/);
    expect(silent.stopped()).toBe(1);
  });

  test.each([
    { name: "the key of another file", says: "-> file-key 1\nMDEyMzQ1Njc4OWFiY2RlZg\n", why: /another file/ },
    { name: "a key of no file", says: "-> file-key\nMDEyMzQ1Njc4OWFiY2RlZg\n", why: /another file/ },
    { name: "two keys", says: "-> file-key 0\nMDEyMzQ1Njc4OWFiY2RlZg\n".repeat(2), why: /twice/ },
  ])("unwrapping: $name", async ({ says, why }) => {
    const { plugins } = stage(async (script) => {
      await hearAll(script);
      script.raw(says);
    });
    const error = await ended(decryptBytes(await encrypted(), [pluginIdentity(IDENTITY, plugins)]));
    expect([error.code, error.message]).toEqual(["AGE_PLUGIN_BROKEN", expect.stringMatching(why)]);
  });

  test.each([
    { name: "too short a key", key: "short", code: "AGE_HEADER" },
    { name: "a wrong key", key: "0123456789abcdef", code: "AGE_HEADER_MAC" },
  ])("unwrapping: $name", async ({ key, code }) => {
    const { plugins } = stage(async (script) => {
      await hearAll(script);
      script.say("file-key 0", key);
      await script.hear();
      script.say("done");
    });
    const error = await ended(decryptBytes(await encrypted(), [pluginIdentity(IDENTITY, plugins)]));
    expect(error.code).toBe(code);
  });
});

describe("names", () => {
  const { plugins, started } = stage(async () => undefined);

  test.each([
    { text: "age1foo1qqqq", why: "invalid recipient encoding: separator" },
    { text: `${RECIPIENT}q`, why: "invalid recipient encoding: invalid checksum" },
    { text: encodeBech32("age1a/b", Uint8Array.of(1)), why: 'invalid plugin name: "a/b"' },
    { text: encodeBech32("age1..\\b", Uint8Array.of(1)), why: "invalid plugin name: " },
    { text: encodeBech32("age11", Uint8Array.of(1)), why: undefined },
  ])("recipient $text", ({ text, why }) => {
    if (why === undefined) expect(pluginRecipient(text, plugins).name).toBe(text);
    else
      expect(() => parseRecipient(text, { plugins })).toThrow(
        expect.objectContaining({ original: expect.stringContaining(why) }),
      );
  });

  test.each([
    "AGE-PLUGIN-FOO-1QQQQ",
    encodeBech32("age-plugin-a/b-", Uint8Array.of(1)).toUpperCase(),
    encodeBech32("age-plugin-foo", Uint8Array.of(1)).toUpperCase(),
    encodeBech32("age-plugin--", Uint8Array.of(1)).toUpperCase(),
  ])("identity %s", (text) => {
    expect(() => parseIdentity(text, { plugins })).toThrow(
      expect.objectContaining({ code: "AGE_IDENTITY_MALFORMED", message: expect.not.stringContaining("QQ") }),
    );
  });

  test.each(["a/b", "", "..\\x", "a b", "ä", "x".repeat(101)])("-j %j", (name) => {
    expect(() => pluginIdentityNamed(name, plugins)).toThrow(/malformed/);
  });

  test("without permission to run plugins they are refused", () => {
    expect(() => parseRecipient(RECIPIENT)).toThrow(expect.objectContaining({ code: "AGE_RECIPIENT_UNSUPPORTED" }));
    expect(() => parseIdentity(IDENTITY)).toThrow(expect.objectContaining({ code: "AGE_IDENTITY_UNSUPPORTED" }));
  });

  test("tags are our own business unless a caller wants the plugin", () => {
    const tag = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e";
    expect(parseRecipient(tag, { plugins }).name).toBe(tag);
    expect(() => parseRecipient(`${tag}q`, { plugins })).toThrow(/tagged recipient/);
    expect(pluginRecipient(tag, plugins).name).toBe(tag);
    expect(started).toEqual([]);
  });
});
