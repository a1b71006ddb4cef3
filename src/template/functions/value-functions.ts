import { type FunctionTable, functionTable } from "../value/function.ts";
import { abbreviateFunctions } from "./abbreviate.ts";
import { arithmeticFunctions } from "./arithmetic.ts";
import { caseFunctions } from "./case.ts";
import { checksumFunctions } from "./checksums.ts";
import { defaultFunctions } from "./defaults.ts";
import { dictFunctions } from "./dicts.ts";
import { floatArithmeticFunctions } from "./float-arithmetic.ts";
import { jsonFunctions } from "./json.ts";
import { listFunctions } from "./lists.ts";
import { mergeFunctions } from "./merge.ts";
import { numberFunctions } from "./numbers.ts";
import { pathFunctions } from "./paths.ts";
import { rangeFunctions } from "./ranges.ts";
import { reflectionFunctions } from "./reflection-functions.ts";
import { regexFunctions } from "./regex.ts";
import { splittingFunctions } from "./splitting.ts";
import { stringFunctions } from "./strings.ts";
import { wrapFunctions } from "./wrap.ts";

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
