import { valueFunctions } from "../src/template/functions/value-functions.ts";
import { TemplateSet } from "../src/template/index.ts";
import { goValueOf } from "../test/helpers/template/render.ts";

/** Parses and executes a template so often; gives its output and the nanoseconds of one round of each. */
export function measure(text: string, value: unknown, rounds: number) {
  const empty = TemplateSet.empty({ functions: valueFunctions });
  const data = goValueOf(value);
  const output = empty.parse("t", text).execute("t", data);
  const time = (work: () => void) => {
    const started = process.hrtime.bigint();
    for (let round = 0; round < rounds; round++) work();
    return Number(process.hrtime.bigint() - started) / rounds;
  };
  const parsing = time(() => empty.parse("t", text));
  const set = empty.parse("t", text);
  return { output, parsing, executing: time(() => set.execute("t", data)) };
}
