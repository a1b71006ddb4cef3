// Runs in a browser: encrypts and seals what it is told to, twice, and sends the results back to the test.
import {
  decryptBytes,
  encryptBytes,
  parseIdentity,
  parseRecipient,
  passphraseRecipient,
} from "../../../src/age/index.ts";
import { scopeLabel, sealItem } from "../../../src/sealed/index.ts";

/** What the test wants done; bytes are base64. */
export interface Task {
  readonly plain: string;
  readonly recipients: readonly string[];
  readonly passphrase: string;
  readonly spki: string;
  readonly identity: string;
  readonly file: string;
}

export interface Results {
  /** Calls of WebCrypto for X25519 that went well. */
  readonly platformX25519: number;
  readonly files: Readonly<Record<string, string>>;
  readonly armored: string;
  readonly byPassphrase: string;
  readonly sealed: string;
  readonly decrypted: string;
}

const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (data: Uint8Array) => {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
};

async function work(task: Task): Promise<Results> {
  const plain = bytes(task.plain);
  const { subtle } = globalThis.crypto;
  const derive = subtle.deriveBits.bind(subtle);
  let platformX25519 = 0;
  subtle.deriveBits = async (...call: Parameters<typeof derive>) => {
    const derived = await derive(...call);
    platformX25519++;
    return derived;
  };
  const files: Record<string, string> = {};
  for (const recipient of task.recipients) {
    files[recipient.slice(0, 12)] = base64(await encryptBytes(plain, [parseRecipient(recipient)]));
  }
  const armored = await encryptBytes(plain, [parseRecipient(task.recipients[0] ?? "")], { armor: true });
  const byPassphrase = await encryptBytes(plain, [passphraseRecipient(task.passphrase, { logN: 10 })]);
  const label = scopeLabel("strict", "default", "name");
  const sealed = await sealItem(bytes(task.spki), plain, label);
  const decrypted = await decryptBytes(bytes(task.file), [parseIdentity(task.identity)]);
  return {
    platformX25519,
    files,
    armored: base64(armored),
    byPassphrase: base64(byPassphrase),
    sealed: base64(sealed),
    decrypted: base64(decrypted.reveal()),
  };
}

async function main(): Promise<void> {
  const response = await fetch("/task");
  const task: Task = JSON.parse(await response.text());
  const withPlatform = await work(task);
  const { subtle } = globalThis.crypto;
  const importKey = subtle.importKey.bind(subtle);
  Object.assign(subtle, {
    importKey: (...call: Parameters<typeof importKey>) =>
      JSON.stringify(call[2]).includes("X25519")
        ? Promise.reject(new DOMException("Unrecognized name", "NotSupportedError"))
        : importKey(...call),
  });
  const answers = { withPlatform, without: await work(task), node: typeof Reflect.get(globalThis, "process") };
  await fetch("/answers", { method: "POST", body: JSON.stringify(answers) });
}

main().catch((error: unknown) => fetch("/answers", { method: "POST", body: JSON.stringify({ error: String(error) }) }));
