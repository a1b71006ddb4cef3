import { decodeUtf8 } from "../../bytes/utf8.ts";
import type { Fetch, KmsPorts } from "../ports.ts";

/** The ports, with the certificates of `AWS_CA_BUNDLE` trusted instead of the usual ones. The file is read by the first request. */
export function withCaBundle(ports: KmsPorts): KmsPorts {
  const path = ports.env("AWS_CA_BUNDLE");
  if (path === undefined) return ports;
  let ready: Promise<Fetch> | undefined;
  const open = async (): Promise<Fetch> => {
    const bytes = await ports.readFile(path);
    const ca = bytes === undefined ? undefined : decodeUtf8(bytes);
    if (ca?.includes("-----BEGIN") === true) return ports.fetchWith({ ca });
    throw Object.assign(new Error("the file cannot be read"), { code: "AWS_CA_BUNDLE_UNREADABLE" });
  };
  return {
    ...ports,
    fetch: async (url, init) => {
      ready ??= open();
      return (await ready)(url, init);
    },
  };
}
