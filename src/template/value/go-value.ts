import { compareStrings } from "./go-string.ts";
import type { Host } from "./host.ts";
import { type IntKind, wrap } from "./integer.ts";

/**
 * A Go value at run time. `null` is a nil interface, `string` a Go string (see `go-string.ts`), `number` a float64.
 *
 * Types are named by their text, as `%T` prints it. All of the model is in one file, as each part needs all others.
 */
export type GoValue =
  | null
  | NoValue
  | boolean
  | string
  | number
  | GoInt
  | GoComplex
  | GoBytes
  | GoMap
  | GoSlice
  | GoObject
  | GoFunction;

/**
 * No value at all: what a missing key of a map gives. Prints as `<no value>`.
 *
 * It differs from `null`, a nil that is there: a field of `null` is an error, a field of nothing is nothing.
 */
export class NoValue {
  readonly kind: string = "invalid";
}

/** The only {@link NoValue}. */
export const NO_VALUE: NoValue = Object.freeze(new NoValue());

/** A method that templates may call: `{{ .Date.Format "2006" }}`. Arguments arrive checked and converted. */
export interface GoMethod<Receiver> {
  readonly params: readonly ParamType[];
  readonly variadic?: ParamType;
  /** @throws GoError for the `error` that the Go method returns */
  call(receiver: Receiver, args: readonly GoValue[], host: Host): GoValue;
}

/** A Go type that has a name of its own: `time.Duration`, `chartutil.Values`. */
export interface NamedType<Receiver> {
  /** As `%T` prints it, with `*` for a pointer. */
  readonly name: string;
  readonly methods?: ReadonlyMap<string, GoMethod<Receiver>>;
  /** The `String()` method, which the verbs of text use. */
  text?(receiver: Receiver): string;
}

/** A Go struct type, or a pointer to one, that the host gives to templates: `time.Time`, `*semver.Version`. */
export interface GoObjectType<State> extends NamedType<State> {
  readonly kind: "struct" | "ptr";
  /** Exported fields in the order of their declaration: name to value. */
  readonly fields?: ReadonlyMap<string, GoField<State>>;
  /** What `encoding/json` makes of it, as a value to encode; unless told, an object of the fields. */
  json?(state: State): GoValue;
  /** Go's `==` of two states; unless told, the same state object. */
  equal?(a: State, b: State): boolean;
}

/** One exported field of a struct. */
export interface GoField<State> {
  /** Type of the field, as `%T` prints it. */
  readonly type: string;
  read(state: State): GoValue;
}

/** A value of a {@link GoObjectType}. `state` belongs to the type's own functions. */
export class GoObject<State = unknown> {
  readonly type: GoObjectType<State>;
  readonly state: State;
  /** A nil pointer: its state must not be read. */
  readonly isNil: boolean;

  constructor(type: GoObjectType<State>, state: State, isNil = false) {
    this.type = type;
    this.state = state;
    this.isNil = isNil;
  }
}

/** A Go integer: its kind, its value (always in the kind's range), and its named type if it has one. */
export class GoInt {
  readonly kind: IntKind;
  readonly value: bigint;
  readonly named: NamedType<GoInt> | undefined;

  /** A value outside the range of the kind wraps around. See `int`, `int64` and `integer` for those that are shared. */
  constructor(kind: IntKind, value: bigint, named?: NamedType<GoInt>) {
    this.kind = kind;
    this.value = wrap(kind, value);
    this.named = named;
  }

  get type(): string {
    return this.named?.name ?? this.kind;
  }

  /** As a JavaScript number: exact up to 2^53. */
  toNumber(): number {
    return Number(this.value);
  }
}

/** A Go complex128: only constants such as `2i` give one. */
export class GoComplex {
  readonly real: number;
  readonly imaginary: number;

  constructor(real: number, imaginary: number) {
    this.real = real;
    this.imaginary = imaginary;
  }
}

/** A Go `[]byte`. */
export class GoBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A Go map with string keys. It is shared, not copied: what changes `entries` is seen by every holder. */
export class GoMap {
  /** Type of the values, as `%T` prints it: `interface {}`, `string`. */
  readonly elem: string;
  readonly entries: Map<string, GoValue>;
  readonly named: NamedType<GoMap> | undefined;
  /** A nil map: it is empty, and `null` in JSON. */
  readonly isNil: boolean;

  constructor(elem: string, entries: Map<string, GoValue>, more: { named?: NamedType<GoMap>; isNil?: boolean } = {}) {
    this.elem = elem;
    this.entries = entries;
    this.named = more.named;
    this.isNil = more.isNil ?? false;
  }

  get type(): string {
    return this.named?.name ?? `map[string]${this.elem}`;
  }

  /** The keys in the order of Go's `<`, in which templates range over a map and fmt prints it. */
  sortedKeys(): string[] {
    return [...this.entries.keys()].sort(compareStrings);
  }
}

/** A Go slice. Never changed in place, but by the few functions that do so in Go. */
export class GoSlice {
  /** Type of the elements, as `%T` prints it. */
  readonly elem: string;
  readonly items: GoValue[];
  readonly named: NamedType<GoSlice> | undefined;
  /** A nil slice: it is empty, and `null` in JSON. */
  readonly isNil: boolean;

  constructor(elem: string, items: GoValue[], more: { named?: NamedType<GoSlice>; isNil?: boolean } = {}) {
    this.elem = elem;
    this.items = items;
    this.named = more.named;
    this.isNil = more.isNil ?? false;
  }

  get type(): string {
    return this.named?.name ?? `[]${this.elem}`;
  }
}

/**
 * What an argument of each parameter type is when it arrives at a function.
 *
 * `interface {}` takes anything and nil, never {@link NoValue}; `reflect.Value` takes anything as it is. The names that
 * end in `time.Time` and so on take an object of exactly that type: narrow it with `isObjectOf`.
 */
export interface ParamValues {
  readonly "interface {}": Exclude<GoValue, NoValue>;
  readonly "reflect.Value": GoValue;
  readonly string: string;
  readonly bool: boolean;
  readonly float64: number;
  readonly int: GoInt;
  readonly int64: GoInt;
  readonly uint32: GoInt;
  readonly uint64: GoInt;
  readonly "[]uint8": GoBytes;
  readonly "[]interface {}": GoSlice;
  readonly "[]string": GoSlice;
  readonly "map[string]interface {}": GoMap;
  readonly "map[string]string": GoMap;
  readonly "time.Duration": GoInt;
  readonly "time.Time": GoObject;
  readonly "*semver.Version": GoObject;
  readonly "sprig.certificate": GoObject;
}

/** The name of a parameter's Go type, as `%T` prints it. */
export type ParamType = keyof ParamValues;

/**
 * A function that templates may call; made with `defineFunction`.
 *
 * The evaluator checks number and types of the arguments as Go's reflection does, so `call` gets values of the declared
 * types: one for each of `params`, then any number of `variadic`.
 */
export class GoFunction {
  readonly name: string;
  readonly params: readonly ParamType[];
  readonly variadic: ParamType | undefined;
  /** Go's text of the whole type, for a function that is a value: `func(string) (string, error)`. */
  readonly type: string | undefined;
  readonly call: (args: readonly GoValue[], host: Host) => GoValue;

  constructor(definition: {
    readonly name: string;
    readonly params: readonly ParamType[];
    readonly variadic?: ParamType | undefined;
    readonly type?: string | undefined;
    call(args: readonly GoValue[], host: Host): GoValue;
  }) {
    this.name = definition.name;
    this.params = definition.params;
    this.variadic = definition.variadic;
    this.type = definition.type;
    this.call = (args, host) => definition.call(args, host);
  }
}
