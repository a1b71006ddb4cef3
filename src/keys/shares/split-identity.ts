import { primitives } from "#primitives";
import { generateX25519Identity, parseIdentity } from "../../age/index.ts";
import { decodeBech32 } from "../../bytes/bech32.ts";
import { encodeHex } from "../../bytes/hex.ts";
import { splitSecret } from "../../shamir/index.ts";
import { formatShare } from "./share.ts";

export interface SplitIdentity {
  /** Whom to encrypt to: `age1…`. */
  readonly recipient: string;
  /** The text of one file for each holder. Secret. */
  readonly shareFiles: readonly string[];
}

/**
 * A new age identity that exists only as shares: any `threshold` of them open what is encrypted to its recipient, fewer
 * say nothing of it. The identity itself is not given out.
 *
 * @throws {ShamirError} `SHAMIR_BAD_COUNT`
 */
export function splitNewIdentity(options: { readonly shares: number; readonly threshold: number }): SplitIdentity {
  const { shares, threshold } = options;
  const identity = generateX25519Identity();
  const recipient = parseIdentity(identity).name;
  const secret = bytesOf(identity);
  const parts = splitSecret(secret, {
    shares,
    threshold,
    fillRandom: (buffer) => buffer.set(primitives.randomBytes(buffer.length)),
  });
  secret.fill(0);
  const set = encodeHex(primitives.randomBytes(8));
  const point = bytesOf(recipient);
  const shareFiles = parts.map((part) => {
    const index = part.at(-1) ?? 0;
    const word = formatShare({ set, threshold, shares, index, point, value: part.subarray(0, -1) });
    part.fill(0);
    return [
      `# share ${index} of ${shares} of an age identity; any ${threshold} of them open what is encrypted to`,
      `# ${recipient}`,
      `# set ${set}; keep it apart from the others`,
      `${word}\n`,
    ].join("\n");
  });
  return { recipient, shareFiles };
}

function bytesOf(key: string): Uint8Array {
  const decoded = decodeBech32(key);
  if ("problem" in decoded) throw new RangeError(`not a key: ${decoded.problem}`);
  return decoded.data;
}
