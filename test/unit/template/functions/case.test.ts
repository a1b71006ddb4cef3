import { expect, test } from "vitest";
import { valueFunctions } from "../../../../src/template/functions/value-functions.ts";
import { goString } from "../../../../src/template/value/go-string.ts";
import { answerOf, type FunctionRow } from "../../../helpers/template/functions.ts";

/** Answers of Sprig 3.3 to names and letters. */
const ROWS: readonly FunctionRow[] = [
  ["upper", ["ß ﬁ ŉ ᾳ ᾀ ǆ ა ĳ ſ ı"], 'string "ß ﬁ ŉ ᾼ ᾈ Ǆ Ა Ĳ S I"'],
  ["upper", ["ÿ"], 'string "Ÿ"'],
  ["upper", ["𐐨"], 'string "𐐀"'],
  ["lower", ["İ ẞ Σ Ǆ ᾼ"], 'string "i ß σ ǆ ᾳ"'],
  ["lower", ["ÀÉ"], 'string "àé"'],
  ["upper", [goString(Buffer.from("Yf8=", "base64"))], 'string "A�"'],
  ["title", ["o'neill x-ray _a 1st élan"], 'string "O\'Neill X-Ray _a 1st Élan"'],
  ["title", ["ǆ ა ǳ"], 'string "ǅ ა ǲ"'],
  ["title", ["a.b,c"], 'string "A.B,C"'],
  ["title", [" xy"], 'string "\\u2009X\\u0085Y"'],
  ["untitle", ["Hello World"], 'string "hello world"'],
  ["untitle", [" ÉLAN\tB"], 'string " éLAN\\tb"'],
  ["untitle", [""], 'string ""'],
  ["swapcase", ["hELLO World ǅ éa ßb"], 'string "Hello wORLD ǆ ÉA ßB"'],
  ["swapcase", ["a1b"], 'string "A1B"'],
  ["swapcase", [" x"], 'string " X"'],
  ["snakecase", ["FirstName"], 'string "first_name"'],
  ["snakecase", ["HTTPServer"], 'string "http_server"'],
  ["snakecase", ["NoHTTPS"], 'string "no_https"'],
  ["snakecase", ["GO_PATH"], 'string "go_path"'],
  ["snakecase", ["GO PATH-x"], 'string "go_path_x"'],
  ["snakecase", ["http2xx"], 'string "http_2xx"'],
  ["snakecase", ["HTTP20xOK"], 'string "http_20x_ok"'],
  ["snakecase", ["Duration2m3s"], 'string "duration_2m3s"'],
  ["snakecase", ["Bld4Floor3rd"], 'string "bld4_floor_3rd"'],
  ["snakecase", ["a--b__c"], 'string "a__b__c"'],
  ["snakecase", ["Bb:-."], 'string "bb:-."'],
  ["snakecase", [".!_"], 'string ".!_"'],
  ["snakecase", ["日本Go"], 'string "日本_go"'],
  ["snakecase", ["1A"], 'string "1_a"'],
  ["snakecase", ["a1"], 'string "a1"'],
  ["snakecase", ["A1b"], 'string "a_1b"'],
  ["snakecase", ["x½y"], 'string "x_½y"'],
  ["snakecase", [""], 'string ""'],
  ["snakecase", ["_"], 'string "_"'],
  ["snakecase", ["ABc D"], 'string "a_bc_d"'],
  ["snakecase", ["éÉa"], 'string "é_éa"'],
  ["snakecase", [goString(Buffer.from("Qf9i", "base64"))], 'string "a�b"'],
  ["snakecase", [goString(Buffer.from("//4=", "base64"))], 'string "\\xff\\xfe"'],
  ["kebabcase", ["FirstName"], 'string "first-name"'],
  ["kebabcase", ["some_words here"], 'string "some-words-here"'],
  ["kebabcase", ["HTTPServerX2"], 'string "http-server-x2"'],
  ["kebabcase", ["-a-"], 'string "-a-"'],
  ["camelcase", ["some_words"], 'string "SomeWords"'],
  ["camelcase", ["http_server"], 'string "HttpServer"'],
  ["camelcase", ["_complex__case_"], 'string "_Complex_Case_"'],
  ["camelcase", ["some words"], 'string "SomeWords"'],
  ["camelcase", ["GOLANG_IS_GREAT"], 'string "GolangIsGreat"'],
  ["camelcase", ["_"], 'string "__"'],
  ["camelcase", [""], 'string ""'],
  ["camelcase", ["a"], 'string "A"'],
  ["camelcase", ["a_"], 'string "A_"'],
  ["camelcase", ["__a"], 'string "__A"'],
  ["camelcase", ["aBC_dE"], 'string "ABCDE"'],
  ["camelcase", ["élan vital"], 'string "ÉlanVital"'],
  ["camelcase", [goString(Buffer.from("YV//", "base64"))], 'string "A�"'],
];

for (const [at, [name, args, want]] of ROWS.entries()) {
  test(`row ${at}: ${name} gives ${want}`, () => {
    expect(answerOf(valueFunctions, name, args)).toBe(want);
  });
}
