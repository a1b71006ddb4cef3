import { describe, expect, test } from "vitest";
import { sprint, sprintf, sprintln } from "../../../../src/template/fmt/print.ts";
import type { GoValue } from "../../../../src/template/value/go-value.ts";
import { dict, int, list } from "../../../../src/template/value/make.ts";
import { quietHost } from "../../../helpers/template/functions.ts";

/** Format, values, and what Go's fmt gives for them. */
const ROWS: readonly (readonly [format: string, values: readonly GoValue[], text: string])[] = [
  ["%v %v %v %v", [1.5, "x", true, null], "1.5 x true <nil>"],
  [
    "%d|%5d|%-5d|%05d|%+d|% d|%x|%X|%o|%O|%b|%c|%q|%U|%#U",
    [
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
      int(42),
    ],
    "42|   42|42   |00042|+42| 42|2a|2A|52|0o52|101010|*|'*'|U+002A|U+002A '*'",
  ],
  ["%d", [int(-7)], "-7"],
  [
    "%08.3f|%+.2e|%g|%G|%.3g|%6.1f|%-8.2f|",
    [12.34567, 12.34567, 12.34567, 1e-10, 12.34567, 12.34567, 12.34567],
    "0012.346|+1.23e+01|12.34567|1E-10|12.3|  12.3|12.35   |",
  ],
  ["%v %v %v %v %v", [1000000, 999999, 100000000000000000000, 1e21, 0.00001], "1e+06 999999 1e+20 1e+21 1e-05"],
  ["%e %f %x %b", [1.5, 1.5, 1.5, 1.5], "1.500000e+00 1.500000 0x1.8p+00 6755399441055744p-52"],
  ["%.0f %.0f %.0f %.0f", [0.5, 1.5, 2.5, -0.5], "0 2 2 -0"],
  ["%.20f", [0.1], "0.10000000000000000555"],
  ["%.3x", [12.34567], "0x1.8b1p+03"],
  [
    "%s|%10s|%-10s|%.2s|%q|%x|% x|%#x|%+q|%#q",
    ["aé", "aé", "aé", "aé", "aé", "aé", "aé", "aé", "aé", "aé"],
    'aé|        aé|aé        |aé|"aé"|61c3a9|61 c3 a9|0x61c3a9|"a\\u00e9"|`aé`',
  ],
  ["%s", [int(1)], "%!s(int=1)"],
  ["%d", ["x"], "%!d(string=x)"],
  ["%t", [int(1)], "%!t(int=1)"],
  ["%z %!", [int(1)], "%!z(int=1) %!!(MISSING)"],
  ["%d %d", [int(1)], "1 %!d(MISSING)"],
  ["%d", [int(1), int(2), "x", null], "1%!(EXTRA int=2, string=x, <nil>)"],
  ["%[2]d %[1]d", [int(1), int(2)], "2 1"],
  ["%[3]d", [int(1)], "%!d(BADINDEX)"],
  ["%[x]d", [int(1)], "%!d(BADINDEX)"],
  ["%*d|%-*d|", [int(5), int(1), int(5), int(1)], "    1|1    |"],
  ["%*d", ["x", int(1)], "%!(BADWIDTH)1"],
  ["%.*f", [int(2), 12.34567], "12.35"],
  ["%.[2]*[1]f", [12.34567, int(2)], "12.35"],
  ["100%", [], "100%!(NOVERB)"],
  ["%%", [], "%"],
  ["%", [int(1)], "%!(NOVERB)%!(EXTRA int=1)"],
  [
    "%T %T %T %T %T %T",
    [int(1), 1.5, "x", null, list([1]), dict(Object.entries({ m: 1 }))],
    "int float64 string <nil> []interface {} map[string]interface {}",
  ],
  [
    "%v %+v %#v",
    [
      dict(Object.entries({ m: 1, a: "x" })),
      dict(Object.entries({ m: 1, a: "x" })),
      dict(Object.entries({ m: 1, a: "x" })),
    ],
    'map[a:x m:1] map[a:x m:1] map[string]interface {}{"a":"x", "m":1}',
  ],
  [
    "%v %#v %q %x",
    [list([1, "a", null]), list([1, "a", null]), list(["a", "b"]), list(["a", "b"])],
    '[1 a <nil>] []interface {}{1, "a", interface {}(nil)} ["a" "b"] [61 62]',
  ],
  ["%5v|%-5v|", [list([1, 2]), list([1, 2])], "[    1     2]|[1     2    ]|"],
  ["%s", [null], "%!s(<nil>)"],
  ["%v", [list([list([list(["x"])])])], "[[[x]]]"],
  ["%05s|%-05s|%05q", ["a", "a", "a"], '0000a|a    |00"a"'],
  ["%6.2f%%", [12.345], " 12.35%"],
  ["%q", [int(128273)], "'🔑'"],
  ["%c%c", [int(128273), int(-1)], "🔑�"],
  ["%#o %#b %#x %#X %#v", [int(8), int(8), int(8), int(8), int(8)], "010 0b1000 0x8 0X8 8"],
  ["%+.3d|%8.3d|%-8.3d|", [int(7), int(7), int(7)], "+007|     007|007     |"],
];

describe("sprintf()", () => {
  test.each(ROWS)("%j", (format, values, text) => {
    expect(sprintf(format, values, quietHost)).toBe(text);
  });
});

test("sprint() puts a space between two values of which none is a string, sprintln() between all", () => {
  const values = [int(1), int(2), "a", "b", null, 1.5, true, "c"];
  expect(sprint(values, quietHost)).toBe("1 2ab<nil> 1.5 truec");
  expect(sprintln(values, quietHost)).toBe("1 2 a b <nil> 1.5 true c\n");
});

test("a map that holds itself ends at a bound, and all that is printed is counted", () => {
  const map = dict();
  map.entries.set("self", map);
  expect(() => sprint([map], quietHost)).toThrow("the limit of depth is reached");
  let spent = 0;
  sprintf("%1000d%s", [int(1), "abc"], { ...quietHost, spend: (bytes) => (spent += bytes) });
  expect(spent).toBe(1003);
});
