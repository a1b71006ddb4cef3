/** Where a key service listens. */
export interface ServiceAddress {
  readonly network: "tcp" | "unix";
  /** `host:port`, or the path of a socket. */
  readonly address: string;
}

/**
 * Reads `tcp://host:port` or `unix:///path`.
 *
 * @returns undefined for anything else, other networks included: there is no service behind it.
 */
export function parseServiceAddress(text: string): ServiceAddress | undefined {
  const path = /^unix:\/\/(\/[^?#]*)$/.exec(text)?.[1];
  if (path !== undefined) return { network: "unix", address: path };
  const [, host, port] = /^tcp:\/\/([^/?#@:[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})\/?$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { network: "tcp", address: `${host}:${port}` };
}

/** The form that `parseServiceAddress` reads. */
export function serviceAddressText({ network, address }: ServiceAddress): string {
  return `${network}://${address}`;
}
