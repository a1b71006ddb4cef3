import { decodeBase64Go, encodeBase64 } from "../../../bytes/base64.ts";
import { defineFunction, type FunctionTable, functionTable } from "../../value/function.ts";
import { byteLength, bytesOf, goString } from "../../value/go-string.ts";
import { decodeBase32, encodeBase32 } from "./base32.ts";

/** Sprig's functions of base64 and base32. What cannot be decoded gives the text of the error. */
export function encodingFunctions(): FunctionTable {
  return functionTable(
    defineFunction({
      name: "b64enc",
      params: ["string"],
      call: ([text], host) => {
        host.spend(Math.ceil(byteLength(text) / 3) * 4);
        return encodeBase64(bytesOf(text));
      },
    }),
    defineFunction({
      name: "b64dec",
      params: ["string"],
      call: ([text], host) => {
        host.spend(text.length);
        const { bytes, illegalAt } = decodeBase64Go(text);
        return bytes === undefined ? `illegal base64 data at input byte ${illegalAt}` : goString(bytes);
      },
    }),
    defineFunction({
      name: "b32enc",
      params: ["string"],
      call: ([text], host) => {
        host.spend(Math.ceil(byteLength(text) / 5) * 8);
        return encodeBase32(bytesOf(text));
      },
    }),
    defineFunction({
      name: "b32dec",
      params: ["string"],
      call: ([text], host) => {
        host.spend(text.length);
        const { bytes, illegalAt } = decodeBase32(bytesOf(text));
        return bytes === undefined ? `illegal base32 data at input byte ${illegalAt}` : goString(bytes);
      },
    }),
  );
}
