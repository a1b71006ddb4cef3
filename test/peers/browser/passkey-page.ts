// Runs in a browser: makes a passkey, encrypts to it and reads the file again; the test calls these by name.
import { Decrypter, webauthn } from "age-encryption";
import { encryptBytes } from "../../../src/age/index.ts";
import { createPasskey, passkeyRecipient } from "../../../src/age/passkey.ts";
import { ToolkitError } from "../../../src/errors.ts";

const TEXT = "hello\n";

/** The file as Latin-1, what age-encryption reads in it, or how it was refused. */
export interface PasskeyResult {
  readonly file?: string;
  readonly text?: string;
  readonly code?: string;
  readonly lines?: readonly string[];
}

async function told(work: () => Promise<PasskeyResult>): Promise<PasskeyResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolkitError) return { code: error.code, lines: [error.message, ...error.details] };
    return { lines: [String(error)] };
  }
}

const calls = {
  make: () => told(async () => ({ text: await createPasskey({ name: "backups" }) })),
  /** With no identity the person, here the virtual authenticator, chooses. */
  roundTrip: (identity?: string) =>
    told(async () => {
      const options = identity === undefined ? {} : { identity };
      const file = await encryptBytes(new TextEncoder().encode(TEXT), [passkeyRecipient(options)]);
      const reader = new Decrypter();
      reader.addIdentity(new webauthn.WebAuthnIdentity(options));
      return { file: String.fromCharCode(...file), text: await reader.decrypt(file, "text") };
    }),
  encryptFor: (rpId: string) =>
    told(async () => {
      await encryptBytes(new TextEncoder().encode(TEXT), [passkeyRecipient({ rpId })]);
      return {};
    }),
};
Object.assign(globalThis, calls);
