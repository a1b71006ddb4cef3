import type { Random } from "./random.ts";

/** The data of made-up templates: one of each shape that a template can meet. No pointers: their addresses would be printed. */
export const GRAMMAR_DATA = {
  text: "x<y>&'z'",
  empty: "",
  unicode: "Größe日本",
  none: null,
  whole: { $go: "int", value: 7 },
  large: { $go: "int64", value: "9007199254740993" },
  byte: { $go: "uint8", value: 200 },
  float: 2.5,
  yes: true,
  list: [1, "b", null, [true]],
  strings: { $go: "[]string", value: ["p", "q"] },
  map: { k: "v", z: null, m: { deep: 1 } },
  words: { $go: "map[string]string", value: { q: "w", r: "" } },
  counts: { $go: "map[string]int", value: { a: 1, b: 2 } },
  bytes: { $go: "bytes", value: "aGnDvA==" },
  person: { $go: "person", value: { Name: "Ada", Age: 36, Tags: ["x"], Extra: { e: 1 } } },
  struct: { $go: "person", value: { Name: "Cy", Attrs: { a: 1 } } },
};

const FIELDS = [
  ...Object.keys(GRAMMAR_DATA),
  "missing",
  "map.k",
  "map.z",
  "map.m.deep",
  "words.q",
  "missing.x",
  "none.x",
];
const MORE_FIELDS = [
  "person.Name",
  "person.Friend.Age",
  "person.Friend.Friend.Name",
  "person.Extra.e",
  "struct.Attrs.a",
];
const WRONG_FIELDS = ["text.x", "list.x", "person.Nope", "struct.Birthday", "person.Greet", "person.Fail", "words.q.r"];
const FUNCTIONS = [
  ...["and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery"],
  ...["eq", "ne", "lt", "le", "gt", "ge", "eq", "lt", "index", "print"],
];
const LITERALS = [
  ...["0", "1", "2", "-1", "1.5", "1e3", "0x1f", "'a'", "1_0", "2i", "true", "false", "nil", '""', '"k"', '"a\\n\\"b"'],
  ...["`raw`", '"%d-%v|%q"', '"%s %5.2f"', '"z"', "9223372036854775807", "18446744073709551615", "07", "1e30"],
];

/** Makes up templates from the grammar; most of them are valid, some of them fail when they are executed. */
export class TemplateGrammar {
  private readonly random: Random;
  private readonly more: readonly string[];
  private variables: string[] = ["$"];
  private readonly defined = ["t", "other"];

  /** `more` are functions beside those of the language: half of the calls are of them. */
  constructor(random: Random, more: readonly string[] = []) {
    this.random = random;
    this.more = more;
  }

  private function(): string {
    return this.more.length > 0 && this.random.once(2) ? this.random.pick(this.more) : this.random.pick(FUNCTIONS);
  }

  template(): string {
    this.variables = ["$"];
    const body = this.list(3, false);
    if (!this.random.once(4)) return body;
    this.variables = ["$"];
    return `{{ define "other" }}${this.list(2, false)}{{ end }}${body}`;
  }

  private list(depth: number, inRange: boolean): string {
    const mark = this.variables.length;
    let text = "";
    for (let count = this.random.below(3) + 1; count > 0; count--) text += this.statement(depth, inRange);
    this.variables.length = mark;
    return text;
  }

  private action(inner: string): string {
    const open = this.random.once(8) ? "{{- " : this.random.once(6) ? "{{" : "{{ ";
    const close = this.random.once(8) ? " -}}" : this.random.once(6) && !inner.endsWith("}") ? "}}" : " }}";
    return `${open}${inner}${close}`;
  }

  private statement(depth: number, inRange: boolean): string {
    const { random } = this;
    if (random.once(5)) return random.pick(["a", " b ", "\n", "é\n  c", "/* no */", "{{/* comment */}}", "{ }"]);
    if (depth > 0 && random.once(3)) return this.block(depth - 1, inRange);
    if (inRange && random.once(8)) return this.action(random.pick(["break", "continue"]));
    if (random.once(12))
      return this.action(`template "${random.pick(this.defined)}" ${this.leaf()}`).replace('"t"', '"other"');
    if (random.once(5)) return this.action(this.declaration());
    return this.action(this.pipeline(2));
  }

  private declaration(): string {
    const { random } = this;
    if (this.variables.length > 1 && random.once(2)) return `${random.pick(this.variables)} = ${this.pipeline(1)}`;
    const name = `$${random.pick(["a", "b", "v1", "é"])}`;
    const text = `${name} := ${this.pipeline(1)}`;
    this.variables.push(name);
    return text;
  }

  private block(depth: number, inRange: boolean): string {
    const { random } = this;
    const kind = random.pick(["if", "with", "range", "range"]);
    const mark = this.variables.length;
    let head = `${kind} `;
    if (random.once(3)) {
      const names = kind === "range" && random.once(2) ? ["$i", "$e"] : ["$e"];
      head += `${names.join(", ")} := `;
      const value = this.pipeline(1);
      this.variables.push(...names);
      head += value;
    } else
      head +=
        kind === "range" && random.once(2)
          ? random.pick([".list", ".map", ".strings", "3", ".counts"])
          : this.pipeline(1);
    let text = this.action(head) + this.list(depth, inRange || kind === "range");
    if (kind !== "range" && random.once(4))
      text += this.action(`else ${kind} ${this.pipeline(1)}`) + this.list(depth, inRange);
    if (random.once(3)) text += this.action("else") + this.list(depth, inRange);
    this.variables.length = mark;
    return text + this.action("end");
  }

  private pipeline(depth: number): string {
    let text = this.command(depth);
    while (this.random.once(4)) text += ` | ${this.function()}${this.random.once(2) ? ` ${this.leaf()}` : ""}`;
    return text;
  }

  private command(depth: number): string {
    const { random } = this;
    if (random.once(3)) return this.leaf();
    if (random.once(20)) return `.person.Greet ${this.argument(depth)}`;
    if (random.once(20)) return `.person.Sum ${this.argument(depth)} ${this.argument(depth)}`;
    const name = this.function();
    let text = name;
    const usual = ["not", "len"].includes(name) ? 1 : 2;
    for (let count = random.once(6) ? random.below(4) : usual; count > 0; count--) text += ` ${this.argument(depth)}`;
    return text;
  }

  private argument(depth: number): string {
    const { random } = this;
    if (depth === 0 || !random.once(4)) return this.leaf();
    const inner = `(${this.pipeline(depth - 1)})`;
    return random.once(5) ? `${inner}.${random.pick(["k", "Name", "x", "m.deep"])}` : inner;
  }

  private leaf(): string {
    const { random } = this;
    if (random.once(3)) return random.pick(LITERALS);
    if (random.once(4)) return `${random.pick(this.variables)}${random.once(4) ? `.${random.pick(FIELDS)}` : ""}`;
    if (random.once(10)) return ".";
    return `.${random.pick(random.once(8) ? WRONG_FIELDS : random.once(4) ? MORE_FIELDS : FIELDS)}`;
  }
}
