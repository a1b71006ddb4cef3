import type { YamlAnswer, YamlRequest } from "./answers.ts";
import { Choices, randomJson, randomRequests, SCALARS, STRINGS } from "./corpus.ts";
import { SHAPES, WRONG } from "./shapes.ts";

/** One line of a fixture file. */
export interface RecordedAnswer extends YamlRequest {
  readonly answer: YamlAnswer;
}

const FLOATS =
  "0 -0 1 1.5 0.1 1e3 100000 123456 1e6 1234567 1234567.5 1e20 1e21 1e22 1e-4 1e-5 1e-6 1e-7 0.00001234 3.14159265358979 5e-324 1.7976931348623157e308 16777217 123456789.5 0.3 2.5e-8 -12345.678".split(
    " ",
  );

const JSON_TEXTS = [
  '"<a href=\\"x\\">&</a>"',
  '"\\u2028\\u2029 é 😀 \\u0000\\u001f\\b\\f\\n\\r\\t\\\\ /"',
  '{"b":1,"a":[1,2.50,1e3,{}],"c":[],"d":{"é":null,"z":true,"A":false}}',
  '{"😀":1,"\ue000":2,"a":3}',
];

/** What the fixture files of `fixtures/yaml` ask, by file name. */
export const FIXTURES: Readonly<Record<string, readonly YamlRequest[]>> = {
  "scalars.json": SCALARS.flatMap((text) => [
    { op: "v3-value", text },
    { op: "v3-nodes", text: `k: ${text}\n` },
    { op: "sigs-json", text: `k: ${text}\n` },
    { op: "sigs-json", text: `[${text}]\n` },
    { op: "sigs-json", text: `${text}: v\n` },
    ...(/^[[{]/.test(text) ? [] : [{ op: "sigs-text", text: `v: ${text}\n` }]),
  ]),
  "strings.json": STRINGS.flatMap((text) => [
    { op: "v3-string", text, indent: 4 },
    { op: "v3-string", text, indent: 2 },
    ...(/[\x7f-\x84\x86-\x9f\x85\ufffe\uffff]/.test(text)
      ? []
      : [{ op: "sigs-marshal", text: JSON.stringify({ [text]: text, l: [text, { a: text }] }) }]),
  ]),
  "shapes.json": [...SHAPES, ...WRONG].flatMap((text) => [
    { op: "v3-nodes", text },
    { op: "v3-print", text, indent: 4 },
    { op: "v3-print", text, indent: 2 },
    { op: "sigs-json", text },
  ]),
  "random.json": randomRequests(20_261_121, 500),
  "values.json": [
    ...FLOATS.map((text) => ({ op: "go-float", text })),
    ...FLOATS.map((text) => ({ op: "sigs-marshal", text: `{"v":${text}}` })),
    ...JSON_TEXTS.flatMap((text) => [
      { op: "go-json", text },
      { op: "sigs-marshal", text },
    ]),
    ...jsonValues(new Choices(7), 60),
  ],
};

function jsonValues(choices: Choices, count: number): YamlRequest[] {
  return Array.from({ length: count }, () => ({ op: "sigs-marshal", text: randomJson(choices) }));
}
