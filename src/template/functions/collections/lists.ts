import { defineFunction } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { GoBytes, type GoFunction, GoSlice, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { list, nilSlice } from "../../value/make.ts";
import { int64Of } from "../numbers/number-of.ts";
import { chunks } from "./chunks.ts";
import { deepEqual } from "./deep-equal.ts";
import { isEmpty } from "./empty.ts";
import { listItems } from "./list-items.ts";

/**
 * Lists: of any type in, `[]interface {}` out. In a template the `must` forms fail as the others do, with the same text.
 */
export const listFunctions: readonly GoFunction[] = [
  ...named(["list", "tuple"], (name) =>
    defineFunction({ name, params: [], variadic: "interface {}", call: (values, host) => made([...values], host) }),
  ),
  ...named(["append", "push", "mustAppend", "mustPush"], (name) =>
    defineFunction({
      name,
      params: ["interface {}", "interface {}"],
      call: ([value, item], host) => made([...listItems(value, "Cannot push on type"), item], host),
    }),
  ),
  ...named(["prepend", "mustPrepend"], (name) =>
    defineFunction({
      name,
      params: ["interface {}", "interface {}"],
      call: ([value, item], host) => made([item, ...listItems(value, "Cannot prepend on type")], host),
    }),
  ),
  ...named(["first", "mustFirst"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value]) => listItems(value, "Cannot find first on type")[0] ?? null,
    }),
  ),
  ...named(["last", "mustLast"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value]) => listItems(value, "Cannot find last on type").at(-1) ?? null,
    }),
  ),
  ...named(["rest", "mustRest"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value], host) => part(listItems(value, "Cannot find rest on type"), 1, undefined, host),
    }),
  ),
  ...named(["initial", "mustInitial"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value], host) => part(listItems(value, "Cannot find initial on type"), 0, -1, host),
    }),
  ),
  ...named(["reverse", "mustReverse"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value], host) => made([...listItems(value, "Cannot find reverse on type")].reverse(), host),
    }),
  ),
  ...named(["compact", "mustCompact"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value], host) =>
        made(
          listItems(value, "Cannot compact on type").filter((item) => !isEmpty(item)),
          host,
        ),
    }),
  ),
  ...named(["uniq", "mustUniq"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      call: ([value], host) => {
        const found: GoValue[] = [];
        for (const item of listItems(value, "Cannot find uniq on type")) {
          if (!includes(found, item, host)) found.push(item);
        }
        return made(found, host);
      },
    }),
  ),
  ...named(["without", "mustWithout"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      variadic: "interface {}",
      call: ([value, ...omitted], host) =>
        made(
          listItems(value, "Cannot find without on type").filter((item) => !includes(omitted, item, host)),
          host,
        ),
    }),
  ),
  ...named(["has", "mustHas"], (name) =>
    defineFunction({
      name,
      params: ["interface {}", "interface {}"],
      call: ([item, value], host) =>
        value !== null && includes(listItems(value, "Cannot find has on type"), item, host),
    }),
  ),
  ...named(["slice", "mustSlice"], (name) =>
    defineFunction({
      name,
      params: ["interface {}"],
      variadic: "interface {}",
      call: ([value, from, to], host) => slice(value, { from, to }, host),
    }),
  ),
  ...named(["chunk", "mustChunk"], (name) =>
    defineFunction({
      name,
      params: ["int", "interface {}"],
      call: ([size, value], host) => {
        const parts = chunks(listItems(value, "Cannot chunk type"), size.toNumber());
        host.spend(parts.length * ITEM_BYTES);
        return new GoSlice(
          "[]interface {}",
          parts.map((items) => made(items, host)),
        );
      },
    }),
  ),
  defineFunction({
    name: "concat",
    params: [],
    variadic: "interface {}",
    call: (values, host) => {
      const items = values.flatMap((value) => listItems(value, "Cannot concat type", " as list"));
      return items.length === 0 ? nilSlice("interface {}") : made(items, host);
    },
  }),
];

/** What one element takes: a list that grows one by one is copied each time, so not more than that. */
const ITEM_BYTES = 8;

function named(names: readonly string[], define: (name: string) => GoFunction): GoFunction[] {
  return names.map(define);
}

function made(items: GoValue[], host: Host): GoSlice {
  host.spend(items.length * ITEM_BYTES);
  return list(items);
}

/** Some of the elements; of an empty list nothing, a nil list. */
function part(items: readonly GoValue[], from: number, to: number | undefined, host: Host): GoSlice {
  return items.length === 0 ? nilSlice("interface {}") : made(items.slice(from, to), host);
}

function includes(items: readonly GoValue[], wanted: GoValue, host: Host): boolean {
  return items.some((item) => deepEqual(wanted, item, host));
}

/** Unlike the others, this one keeps the list's type; an empty list gives nil. */
function slice(value: GoValue, range: { from: GoValue | undefined; to: GoValue | undefined }, host: Host): GoValue {
  const { length } = listItems(value, "list should be type of slice or array but");
  if (length === 0) return null;
  const from = range.from === undefined ? 0n : int64Of(range.from);
  const to = range.to === undefined ? BigInt(length) : int64Of(range.to);
  if (from < 0n || to < from || to > BigInt(length)) {
    throw new GoError("reflect.Value.Slice: slice index out of bounds");
  }
  const [begin, end] = [Number(from), Number(to)];
  host.spend((end - begin) * ITEM_BYTES);
  if (value instanceof GoBytes) return new GoBytes(value.bytes.slice(begin, end));
  return value instanceof GoSlice ? new GoSlice(value.elem, value.items.slice(begin, end)) : null;
}
