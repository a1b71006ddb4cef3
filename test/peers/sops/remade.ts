import {
  decrypt,
  encrypt,
  type Format,
  loadKeyring,
  readLocked,
  recoverDataKey,
  type Selector,
} from "../../../src/sops/index.ts";
import { KEYS_A, RECIPIENT_A } from "../../helpers/sops.ts";

export interface RemadeOptions {
  readonly selector?: Selector | undefined;
  readonly macOnlyEncrypted?: boolean | undefined;
}

/**
 * A file of the original made once more by us: its clear text encrypted with its data key, its IVs and its time. All of
 * it but the age file that holds the data key has to come out as it is.
 *
 * @returns both, without that age file.
 */
export async function remade(
  theirs: string,
  clear: Uint8Array | string,
  format: Format,
  options: RemadeOptions = {},
): Promise<{ readonly wanted: string; readonly got: string }> {
  const { metadata } = readLocked(Buffer.from(theirs), format, { isLenient: true });
  const dataKey = await recoverDataKey(metadata, loadKeyring(KEYS_A), {});
  const make = async (ivs: readonly Buffer[]): Promise<string> => {
    const source = Buffer.concat([dataKey, ...ivs]);
    let at = 0;
    const { text } = await encrypt(clear, format, {
      ...options,
      recipients: [RECIPIENT_A],
      now: Date.parse(metadata.lastModified),
      isLenient: true,
      fillRandom(buffer) {
        buffer.set(source.subarray(at, at + buffer.length));
        at += buffer.length;
      },
    });
    return text;
  };
  // Values are not always encrypted in the order in which they stand: numbered IVs show which one is which.
  const wanted = ivsOf(theirs);
  const numbered = ivsOf(await make(wanted.map((_, number) => numberedIv(number))));
  const inOrder: Buffer[] = wanted.map(() => Buffer.alloc(IV_BYTES));
  for (const [at, iv] of numbered.entries()) inOrder[iv.readUInt32BE(0)] = wanted[at] ?? Buffer.alloc(IV_BYTES);
  return { wanted: withoutAge(theirs), got: withoutAge(await make(inOrder)) };
}

const IV_BYTES = 32;

function numberedIv(number: number): Buffer {
  const iv = Buffer.alloc(IV_BYTES);
  iv.writeUInt32BE(number);
  return iv;
}

function ivsOf(text: string): Buffer[] {
  const found = text.matchAll(/ENC\[AES256_GCM,data:[^,]*,iv:([^,]*),tag:/g);
  return [...found].map(([, iv = ""]) => Buffer.from(iv, "base64"));
}

function withoutAge(text: string): string {
  return text.replace(/-----BEGIN AGE ENCRYPTED FILE-----[\s\S]*?-----END AGE ENCRYPTED FILE-----/g, "AGE");
}

/** The clear text of a file in another format, by us. */
export async function converted(text: string, format: Format, outputFormat: Format): Promise<string> {
  return (await decrypt(text, format, KEYS_A, { outputFormat, isLenient: true })).clearText.revealText();
}
