import { type ExecuteOptions, TemplateError, type TemplateOptions, TemplateSet } from "../../../src/template/index.ts";
import { defineFunction } from "../../../src/template/value/function.ts";
import { GoError } from "../../../src/template/value/go-error.ts";
import { goString } from "../../../src/template/value/go-string.ts";
import {
  GoBytes,
  GoInt,
  GoMap,
  type GoMethod,
  GoObject,
  type GoObjectType,
  GoSlice,
  type GoValue,
} from "../../../src/template/value/go-value.ts";
import { intKind } from "../../../src/template/value/integer.ts";
import { dict, int, integer, list, nilSlice, stringMap, strings } from "../../../src/template/value/make.ts";
import { caseObject, SHARED_STRINGS, type TemplateCase } from "./cases.ts";

/** The struct of the oracle that has fields and methods. */
interface Person {
  readonly Name: string;
  readonly Age: number;
  readonly Tags: readonly string[] | undefined;
  readonly Friend: Person | undefined;
  readonly Extra: unknown;
  readonly Attrs: Readonly<Record<string, number>> | undefined;
}

function personType(kind: "struct" | "ptr"): GoObjectType<Person> {
  const zero: Person = { Name: "", Age: 0, Tags: undefined, Friend: undefined, Extra: null, Attrs: undefined };
  const attrs = (person: Person) =>
    new GoMap("int", new Map(Object.entries(person.Attrs ?? {}).map(([name, value]) => [name, int(value)])), {
      isNil: person.Attrs === undefined,
    });
  const methods = new Map<string, GoMethod<Person>>([
    ["Greet", { params: ["string"], call: (person, [greeting]) => `${String(greeting)}, ${person.Name}` }],
    [
      "Sum",
      {
        params: [],
        variadic: "int",
        call: (person, numbers) =>
          int(
            numbers.reduce<bigint>((sum, item) => sum + (item instanceof GoInt ? item.value : 0n), BigInt(person.Age)),
          ),
      },
    ],
    [
      "Fail",
      {
        params: [],
        call: () => {
          throw new GoError("no greeting today");
        },
      },
    ],
  ]);
  if (kind === "ptr") methods.set("Birthday", { params: [], call: (person) => int(person.Age + 1) });
  return {
    name: kind === "ptr" ? "*main.person" : "main.person",
    kind,
    methods,
    fields: new Map([
      ["Name", { type: "string", read: (person) => person.Name }],
      ["Age", { type: "int", read: (person) => int(person.Age) }],
      ["Tags", { type: "[]string", read: ({ Tags }) => (Tags === undefined ? nilSlice("string") : strings(Tags)) }],
      [
        "Friend",
        {
          type: "*main.person",
          read: ({ Friend }) => new GoObject<Person>(PERSON_POINTER, Friend ?? zero, Friend === undefined),
        },
      ],
      ["Extra", { type: "interface {}", read: ({ Extra }) => goValueOf(Extra) }],
      ["Attrs", { type: "map[string]int", read: attrs }],
    ]),
  };
}

const PERSON = personType("struct");
const PERSON_POINTER = personType("ptr");

const personOf = (value: Partial<Person>): Person => ({
  Name: value.Name ?? "",
  Age: value.Age ?? 0,
  Tags: value.Tags,
  Friend: value.Friend === undefined ? undefined : personOf(value.Friend),
  Extra: value.Extra ?? null,
  Attrs: value.Attrs,
});

const FUNCTION = defineFunction({
  name: "function",
  params: ["string"],
  variadic: "int",
  type: "func(string, ...int) (string, error)",
  call([text, ...numbers]) {
    if (text === "bad") throw new GoError("bad text");
    return `${text}[${numbers.map((number) => number.value).join(" ")}]`;
  },
});

// biome-ignore lint/suspicious/noExplicitAny: tagged JSON of the cases
function typed(name: string, value: any): GoValue {
  const kind = intKind(name);
  if (kind !== undefined) return integer(kind, BigInt(value));
  switch (name) {
    case "bytes":
      return new GoBytes(Buffer.from(value, "base64"));
    case "string":
      return goString(Buffer.from(value, "base64"));
    case "map[string]string":
      return stringMap(Object.entries<string>(value));
    case "map[string]int":
      return new GoMap("int", new Map(Object.entries<number>(value).map(([key, item]) => [key, int(item)])));
    case "[]string":
      return strings(value);
    case "[]int":
      return new GoSlice("int", value.map(int));
    case "[]float64":
      return new GoSlice("float64", value);
    case "person":
      return new GoObject<Person>(PERSON, personOf(value));
    case "*person":
      return new GoObject<Person>(PERSON_POINTER, personOf(value));
    case "func":
      return FUNCTION;
    default:
      throw new Error(`no type is called ${name}`);
  }
}

/** The Go value of tagged JSON, as the oracle makes it. */
// biome-ignore lint/suspicious/noExplicitAny: tagged JSON of the cases
export function goValueOf(value: any): GoValue {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return list(value.map(goValueOf));
  if (typeof value !== "object") return value;
  if (typeof value.$go === "string") return typed(value.$go, value.value);
  return dict(new Map(Object.entries(value).map(([key, item]) => [key, goValueOf(item)])));
}

export interface Rendered {
  readonly output: string;
  readonly error?: string;
}

/** What ours makes of a case. The first template is called `t`. */
export function renderCase(entry: TemplateCase, options: TemplateOptions = {}, execute: ExecuteOptions = {}): Rendered {
  const { template, others = {}, data, options: settings = [], delims } = caseObject(entry);
  try {
    let set = TemplateSet.empty({ ...options, ...(delims === undefined ? {} : { delimiters: delims }) });
    for (const [name, text] of Object.entries({ t: template, ...others })) set = set.parse(name, text);
    const missing = settings.find((setting) => setting.startsWith("missingkey="))?.slice("missingkey=".length);
    const missingKey = missing === "error" || missing === "zero" ? missing : "default";
    const value = data === undefined ? stringMap(Object.entries(SHARED_STRINGS)) : goValueOf(data);
    return { output: set.execute("t", value, { missingKey, ...execute }) };
  } catch (error) {
    if (error instanceof TemplateError) return { output: "", error: error.original };
    throw error;
  }
}

/** The same case as the oracle is asked. */
export function oracleRequest(entry: TemplateCase) {
  const { template, others = {}, data, options, delims } = caseObject(entry);
  return {
    templates: Object.entries({ t: template, ...others }).map(([name, text]) => ({ name, text })),
    ...(data === undefined ? { data: SHARED_STRINGS, strings: true } : { data }),
    ...(options === undefined ? {} : { options }),
    ...(delims === undefined ? {} : { delims }),
  };
}
