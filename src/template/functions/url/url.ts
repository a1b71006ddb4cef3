import { quoteGo } from "../../../bytes/go-quote.ts";
import { bytesOf } from "../../value/go-string.ts";
import { AddressError, parseAddress } from "../ip-address.ts";
import { escapePart, isEncoded, UrlError, unescapePart } from "./escape.ts";

/** A Go `*url.URL`. */
export interface Url {
  readonly scheme: string;
  /** What follows the scheme when that is no path: `mailto:a@b`. */
  readonly opaque: string;
  /** As it is printed; undefined when there is none. */
  readonly userinfo: string | undefined;
  /** With port. */
  readonly host: string;
  /** Without escapes. */
  readonly path: string;
  /** As it was written, where that is not the usual form of `path`. */
  readonly rawPath: string;
  /** As it was written. */
  readonly query: string;
  /** Whether a `?` stands at the end. */
  readonly emptyQuery: boolean;
  /** Without escapes. */
  readonly fragment: string;
  readonly rawFragment: string;
  /** A scheme and a path without host in between: `file:/etc`. */
  readonly omitsHost: boolean;
}

export const EMPTY_URL: Url = {
  scheme: "",
  opaque: "",
  userinfo: undefined,
  host: "",
  path: "",
  rawPath: "",
  query: "",
  emptyQuery: false,
  fragment: "",
  rawFragment: "",
  omitsHost: false,
};

/**
 * Reads a URL as Go 1.26 does.
 *
 * @throws {UrlError} `parse "…": …`
 */
export function parseUrl(text: string): Url {
  const [before, fragment] = cut(text, "#");
  try {
    const url = parsePlain(before);
    if (fragment === "") return url;
    try {
      const plain = unescapePart(fragment, "fragment");
      const rawFragment = escapePart(plain, "fragment") === fragment ? "" : fragment;
      return { ...url, fragment: plain, rawFragment };
    } catch (error) {
      throw wrapped(text, error);
    }
  } catch (error) {
    throw wrapped(before, error);
  }
}

function wrapped(text: string, error: unknown): unknown {
  if (!(error instanceof UrlError) || error.message.startsWith("parse ")) return error;
  return new UrlError(`parse ${quoteGo(bytesOf(text))}: ${error.message}`);
}

function parsePlain(text: string): Url {
  if (/[\0-\x1f\x7f]/.test(text)) throw new UrlError("net/url: invalid control character in URL");
  if (text === "*") return { ...EMPTY_URL, path: "*" };
  const [scheme, behind] = splitScheme(text);
  const emptyQuery = behind.indexOf("?") === behind.length - 1 && behind.endsWith("?");
  const [rest, query] = emptyQuery ? [behind.slice(0, -1), ""] : cut(behind, "?");
  const url = { ...EMPTY_URL, scheme, query, emptyQuery };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...url, opaque: rest };
    if (cut(rest, "/")[0].includes(":")) throw new UrlError("first path segment in URL cannot contain colon");
  }
  if ((scheme !== "" || !rest.startsWith("///")) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    return { ...url, ...parseAuthority(scheme, authority), ...parsePath(slash < 0 ? "" : rest.slice(slash)) };
  }
  return { ...url, ...parsePath(rest), omitsHost: scheme !== "" && rest.startsWith("/") };
}

function splitScheme(text: string): readonly [scheme: string, rest: string] {
  if (text.startsWith(":")) throw new UrlError("missing protocol scheme");
  const [whole = "", scheme = ""] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text) ?? [];
  return [scheme.toLowerCase(), text.slice(whole.length)];
}

function parsePath(text: string): Pick<Url, "path" | "rawPath"> {
  const path = unescapePart(text, "path");
  return { path, rawPath: escapePart(path, "path") === text ? "" : text };
}

function parseAuthority(scheme: string, authority: string): Pick<Url, "userinfo" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = parseHost(scheme, authority.slice(at + 1));
  if (at < 0) return { userinfo: undefined, host };
  const userinfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) throw new UrlError("net/url: invalid userinfo");
  const colon = userinfo.indexOf(":");
  const again = (part: string) => escapePart(unescapePart(part, "userinfo"), "userinfo");
  if (colon < 0) return { userinfo: again(userinfo), host };
  return { userinfo: `${again(userinfo.slice(0, colon))}:${again(userinfo.slice(colon + 1))}`, host };
}

function parseHost(scheme: string, host: string): string {
  const bracket = host.lastIndexOf("[");
  if (bracket > 0) throw new UrlError("invalid IP-literal");
  if (bracket === 0) return parseBracketed(host);
  const first = host.indexOf(":");
  if (first >= 0) {
    // Only http and https allow no second colon.
    checkPort(host.slice(scheme === "http" || scheme === "https" ? first : host.lastIndexOf(":")));
  }
  return unescapePart(host, "host");
}

function parseBracketed(host: string): string {
  const close = host.lastIndexOf("]");
  if (close < 0) throw new UrlError("missing ']' in host");
  const port = host.slice(close + 1);
  checkPort(port);
  const name = host.slice(1, close);
  const zone = name.indexOf("%25");
  const plain =
    zone < 0
      ? unescapePart(name, "host")
      : unescapePart(name.slice(0, zone), "host") + unescapePart(name.slice(zone), "zone");
  try {
    if (parseAddress(plain).length === 4) throw new UrlError("invalid IP-literal");
  } catch (error) {
    if (error instanceof AddressError) throw new UrlError(`invalid host: ${error.message}`);
    throw error;
  }
  return `[${plain}]${unescapePart(port, "host")}`;
}

function checkPort(port: string): void {
  if (!isPort(port)) throw new UrlError(`invalid port ${quoteGo(bytesOf(port))} after host`);
}

function isPort(text: string): boolean {
  return text === "" || /^:[0-9]*$/.test(text);
}

/** The host without port and brackets. */
export function hostnameOf({ host }: Url): string {
  const colon = host.lastIndexOf(":");
  const name = colon >= 0 && isPort(host.slice(colon)) ? host.slice(0, colon) : host;
  return name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
}

/** The text of a URL, as Go puts it together. */
export function urlText(url: Url): string {
  let out = url.scheme === "" ? "" : `${url.scheme}:`;
  if (url.opaque !== "") {
    out += url.opaque;
  } else {
    out += authorityText(url);
    const path = encodedPath(url);
    if (path !== "" && !path.startsWith("/") && url.host !== "") out += "/";
    if (out === "" && cut(path, "/")[0].includes(":")) out += "./";
    out += path;
  }
  if (url.emptyQuery || url.query !== "") out += `?${url.query}`;
  if (url.fragment !== "") out += `#${encodedFragment(url)}`;
  return out;
}

function authorityText({ scheme, host, userinfo, path, omitsHost }: Url): string {
  if (scheme === "" && host === "" && userinfo === undefined) return "";
  if (omitsHost && host === "" && userinfo === undefined) return "";
  const slashes = host !== "" || path !== "" || userinfo !== undefined ? "//" : "";
  return slashes + (userinfo === undefined ? "" : `${userinfo}@`) + escapePart(host, "host");
}

function encodedPath({ path, rawPath }: Url): string {
  if (rawPath !== "" && isEncoded(rawPath, "path") && unescapePart(rawPath, "path") === path) return rawPath;
  return path === "*" ? "*" : escapePart(path, "path");
}

function encodedFragment({ fragment, rawFragment }: Url): string {
  const isGood = rawFragment !== "" && isEncoded(rawFragment, "fragment");
  return isGood && unescapePart(rawFragment, "fragment") === fragment ? rawFragment : escapePart(fragment, "fragment");
}

/** What stands before and behind the first separator; all and nothing when it does not occur. */
function cut(text: string, separator: string): readonly [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
