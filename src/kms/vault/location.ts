/** Where a Vault server answers, and where in it a transit key is. All of it comes from the file: nothing is taken on trust. */
export interface TransitLocation {
  readonly server: URL;
  /** `transit`, `team/transit`: as it stands in the file. */
  readonly engine: string;
  readonly keyName: string;
}

/**
 * The address of a server. Its path, where it has one, is kept without a `/` at the end.
 *
 * @returns the address, or one clause saying why it is none
 */
export function readServer(address: string): URL | string {
  // Blanks and control characters are dropped silently by URL, so that two texts would name one server.
  if (/[\s\p{Cc}\\]/u.test(address)) return "the address has blanks, control characters or backslashes";
  if (!URL.canParse(address)) return "the address is no URL";
  const url = new URL(address);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "the address is neither https nor http";
  if (url.username !== "" || url.password !== "") return "the address has a user name or password in it";
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(address)) return "the address has a query or a fragment";
  url.pathname = url.pathname.replace(/\/+$/, "");
  return url;
}

/**
 * Why a path of the Vault API cannot be asked for; undefined when it can. A step such as `..` would lead a token to
 * another part of the API.
 */
export function pathProblem(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.length > MAX_PATH_CHARACTERS) return `it is longer than ${MAX_PATH_CHARACTERS} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(path)) return "it has control characters or halves of characters";
  if (path.split("/").some((step) => step === "" || step === "." || step === ".."))
    return 'it has an empty step or "."';
  return undefined;
}

const MAX_PATH_CHARACTERS = 1024;

/** A server as people write it, without a `/` at the end. */
export function shownServer({ origin, pathname }: URL): string {
  return origin + pathname.replace(/\/+$/, "");
}

/** The URL of `path` in the API of `server`: each step is escaped as the original does. */
export function apiUrl(server: URL, path: string): URL {
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/+$/, "")}/v1/${path.split("/").map(encodeURIComponent).join("/")}`;
  return url;
}
