import { BlockList, isIP } from "node:net";

/** Addresses of a set of networks. */
export interface AddressSet {
  has(address: string): boolean;
}

/** What is wrong with one network, e.g. `10.0.0.0/8` or `fd00::1`; undefined when it is good. */
export function networkProblem(network: string): string | undefined {
  return readNetwork(network) === undefined
    ? `"${network}" is no address and no network such as 10.0.0.0/8`
    : undefined;
}

/** The addresses of all these networks; those that cannot be read (see `networkProblem`) are left out. */
export function addressSet(networks: readonly string[]): AddressSet {
  const list = new BlockList();
  for (const network of networks) {
    const read = readNetwork(network);
    if (read !== undefined) list.addSubnet(read.address, read.bits, read.family);
  }
  return {
    has: (address) => {
      const version = isIP(address);
      return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
    },
  };
}

/** An address in one spelling: without brackets, port and zone, and IPv4 never in the clothes of IPv6. */
export function plainAddress(text: string): string {
  const bare = /^\[([^\]]*)\](?::[0-9]+)?$/.exec(text)?.[1] ?? /^([0-9.]+):[0-9]+$/.exec(text)?.[1] ?? text;
  const address = bare.split("%", 1)[0] ?? bare;
  return /^::ffff:([0-9.]+)$/i.exec(address)?.[1] ?? address.toLowerCase();
}

function readNetwork(
  network: string,
): { readonly address: string; readonly bits: number; readonly family: "ipv4" | "ipv6" } | undefined {
  const [address = "", bits, ...more] = network.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return undefined;
  const most = version === 6 ? 128 : 32;
  if (bits !== undefined && (!/^[0-9]{1,3}$/.test(bits) || Number(bits) > most)) return undefined;
  return { address, bits: bits === undefined ? most : Number(bits), family: version === 6 ? "ipv6" : "ipv4" };
}
