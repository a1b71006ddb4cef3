import { type FunctionTable, functionTable } from "../value/function.ts";
import { defaultFunctions } from "./collections/defaults.ts";
import { dictFunctions } from "./collections/dicts.ts";
import { listFunctions } from "./collections/lists.ts";
import { mergeFunctions } from "./collections/merge.ts";
import { checksumFunctions } from "./encodings/checksums.ts";
import { jsonFunctions } from "./json/json.ts";
import { arithmeticFunctions } from "./numbers/arithmetic.ts";
import { floatArithmeticFunctions } from "./numbers/float-arithmetic.ts";
import { numberFunctions } from "./numbers/numbers.ts";
import { rangeFunctions } from "./numbers/ranges.ts";
import { pathFunctions } from "./paths.ts";
import { reflectionFunctions } from "./reflection-functions.ts";
import { regexFunctions } from "./regex/regex.ts";
import { abbreviateFunctions } from "./text/abbreviate.ts";
import { caseFunctions } from "./text/case.ts";
import { splittingFunctions } from "./text/splitting.ts";
import { stringFunctions } from "./text/strings.ts";
import { wrapFunctions } from "./text/wrap.ts";

/** The functions of Sprig 3.3 that work on any values: text, numbers, lists, dicts, JSON, patterns, paths. */
export const valueFunctions: FunctionTable = functionTable(
  ...abbreviateFunctions,
  ...arithmeticFunctions,
  ...caseFunctions,
  ...checksumFunctions,
  ...defaultFunctions,
  ...dictFunctions,
  ...floatArithmeticFunctions,
  ...jsonFunctions,
  ...listFunctions,
  ...mergeFunctions,
  ...numberFunctions,
  ...pathFunctions,
  ...rangeFunctions,
  ...reflectionFunctions,
  ...regexFunctions,
  ...splittingFunctions,
  ...stringFunctions,
  ...wrapFunctions,
);
