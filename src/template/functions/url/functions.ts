import { defineFunction, type FunctionTable, functionTable } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import type { GoMap } from "../../value/go-value.ts";
import { dict } from "../../value/make.ts";
import { kind } from "../../value/reflection.ts";
import { UrlError } from "./escape.ts";
import { EMPTY_URL, hostnameOf, parseUrl, urlText } from "./url.ts";

/** Sprig's functions of URLs. */
export function urlFunctions(): FunctionTable {
  return functionTable(
    defineFunction({
      name: "urlParse",
      params: ["string"],
      call: ([text], host) => {
        host.spend(text.length * 2);
        const url = refusing("unable to parse url", () => parseUrl(text));
        return dict([
          ["scheme", url.scheme],
          ["host", url.host],
          ["hostname", hostnameOf(url)],
          ["path", url.path],
          ["query", url.query],
          ["opaque", url.opaque],
          ["fragment", url.fragment],
          ["userinfo", url.userinfo ?? ""],
        ]);
      },
    }),
    defineFunction({
      name: "urlJoin",
      params: ["map[string]interface {}"],
      call: ([parts], host) => {
        const read = (name: string) => part(parts, name);
        const url = {
          ...EMPTY_URL,
          scheme: read("scheme"),
          host: read("host"),
          path: read("path"),
          query: read("query"),
          opaque: read("opaque"),
          fragment: read("fragment"),
        };
        const userinfo = read("userinfo");
        const user = userinfo === "" ? undefined : userinfoOf(userinfo);
        const text = urlText({ ...url, userinfo: user });
        host.spend(text.length);
        return text;
      },
    }),
  );
}

function part(parts: GoMap, name: string): string {
  const value = parts.entries.get(name);
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (value === null) throw new GoError("runtime error: invalid memory address or nil pointer dereference");
  throw new GoError(`unable to parse ${name} key, must be of type string, but ${kind(value)} found`);
}

function userinfoOf(text: string): string | undefined {
  return refusing("unable to parse userinfo in dict", () => parseUrl(`proto://${text}@host`)).userinfo;
}

function refusing<T>(state: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UrlError) throw new GoError(`${state}: ${error.message}`);
    throw error;
  }
}
