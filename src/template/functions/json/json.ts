import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import type { GoFunction } from "../../value/go-value.ts";
import { readJson } from "./json-read.ts";
import { type JsonStyle, writeJson } from "./json-write.ts";

/** JSON. `fromJson`, `toJson` and `toPrettyJson` hide errors: they give what there is, often nothing. */
export const jsonFunctions: readonly GoFunction[] = [
  defineFunction({ name: "fromJson", params: ["string"], call: ([text], host) => readJson(text, host).value }),
  defineFunction({
    name: "mustFromJson",
    params: ["string"],
    call: ([text], host) => {
      const { value, error } = readJson(text, host);
      if (error !== undefined) throw new GoError(error);
      return value;
    },
  }),
  ...writers({ escapesHtml: true }, { hiding: "toJson", failing: ["mustToJson"] }),
  ...writers({ escapesHtml: true, isIndented: true }, { hiding: "toPrettyJson", failing: ["mustToPrettyJson"] }),
  ...writers({ escapesHtml: false }, { failing: ["toRawJson", "mustToRawJson"] }),
];

function writers(style: JsonStyle, names: { hiding?: string; failing: readonly string[] }): GoFunction[] {
  const all = names.hiding === undefined ? names.failing : [names.hiding, ...names.failing];
  return all.map((name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value], host) => {
        try {
          return writeJson(value, style, host);
        } catch (error) {
          if (error instanceof GoError && name === names.hiding) return "";
          throw error;
        }
      },
    }),
  );
}
