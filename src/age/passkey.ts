import { webauthn } from "age-encryption";
import { decodeBech32 } from "../bytes/bech32.ts";
import { AgeError } from "./errors.ts";
import type { Recipient } from "./recipient.ts";

/**
 * Passkeys and FIDO2 tokens in browsers, through WebAuthn and its extension PRF. An entry of the package of its own, so
 * that only who imports it has `age-encryption` in a bundle.
 */

/** A passkey to be made. */
export interface NewPasskey {
  /** What the person chooses it by in the dialogues of the browser. */
  readonly name: string;
  /** `security-key` stays in a token, and only the identity that is given back finds it again. `passkey` when absent. */
  readonly type?: "passkey" | "security-key";
  /** The relying party: the domain of the page, or a parent of it. The domain of the page when absent. */
  readonly rpId?: string;
}

/** Which passkey; without `identity` the person chooses among those of the relying party. */
export interface PasskeyOptions {
  /** `AGE-PLUGIN-FIDO2PRF-1…`, as `createPasskey` and age-plugin-fido2prf give it. */
  readonly identity?: string;
  /** As in `NewPasskey`; an identity brings its own. */
  readonly rpId?: string;
}

type Act = "make a passkey" | "encrypt to a passkey";

const IDENTITY_PREFIX = "age-plugin-fido2prf-";

/** What the browser's errors mean to the person in front of it. Source: WebAuthn level 3, 5.1.3 and 5.1.4. */
const REFUSALS: ReadonlyMap<string, readonly [code: Code, detail: string]> = new Map([
  ["NotAllowedError", ["AGE_PASSKEY_REFUSED", "it was cancelled, took too long, or there is no such passkey here"]],
  ["AbortError", ["AGE_PASSKEY_REFUSED", "it was broken off"]],
  ["SecurityError", ["AGE_PASSKEY_UNAVAILABLE", "the passkey belongs to another site than this page"]],
  ["ConstraintError", ["AGE_PASSKEY_UNAVAILABLE", "no authenticator here can keep it and verify its user"]],
  ["NotSupportedError", ["AGE_PASSKEY_UNAVAILABLE", "no authenticator here can make such a key"]],
]);

type Code = "AGE_PASSKEY_REFUSED" | "AGE_PASSKEY_UNAVAILABLE";

/**
 * Asks the person to make a passkey, and gives its identity `AGE-PLUGIN-FIDO2PRF-1…`: no secret, but without it a
 * `security-key` is lost.
 *
 * @throws {AgeError} `AGE_PASSKEY_UNAVAILABLE` outside of a browser or where the authenticator lacks PRF,
 *   `AGE_PASSKEY_REFUSED` when the person cancels.
 */
export async function createPasskey({ name, type = "passkey", rpId }: NewPasskey): Promise<string> {
  const options = { keyName: name, type, ...(rpId === undefined ? {} : { rpId }) };
  return await inBrowser("make a passkey", () => webauthn.createCredential(options));
}

/**
 * A passkey as a recipient: `encrypt` asks the person for it once a file. Encryption is symmetric, so who cannot use the
 * passkey cannot encrypt to it either.
 *
 * @throws {AgeError} `AGE_IDENTITY_MALFORMED`; when it wraps, as `createPasskey`.
 */
export function passkeyRecipient({ identity, rpId }: PasskeyOptions = {}): Recipient {
  const passkey = new webauthn.WebAuthnRecipient({
    ...(identity === undefined ? {} : { identity: checked(identity) }),
    ...(rpId === undefined ? {} : { rpId }),
  });
  return {
    name: "passkey",
    async wrap(fileKey) {
      const wrapped = await inBrowser("encrypt to a passkey", () => passkey.wrapFileKey(fileKey));
      const stanzas = wrapped.map(({ args: [type = "", ...args], body }) => ({ type, args, body }));
      return { stanzas, labels: [] };
    },
  };
}

function checked(identity: string): string {
  const decoded = decodeBech32(identity);
  if ("problem" in decoded) throw malformed(decoded.problem);
  if (decoded.prefix !== IDENTITY_PREFIX) throw malformed("unknown type");
  const upper = identity.toUpperCase();
  try {
    new webauthn.WebAuthnRecipient({ identity: upper });
  } catch {
    throw malformed("what it holds is no passkey");
  }
  return upper;
}

function malformed(problem: string): AgeError {
  return new AgeError("AGE_IDENTITY_MALFORMED", "Cannot read passkey: its identity is malformed", {
    original: `malformed secret key: ${problem}`,
    details: [problem],
    hints: ["copy it again; it is one word that starts with AGE-PLUGIN-FIDO2PRF-1"],
  });
}

async function inBrowser<T>(act: Act, ask: () => Promise<T>): Promise<T> {
  const navigator: unknown = Reflect.get(globalThis, "navigator");
  const credentials = typeof navigator === "object" && navigator !== null && Reflect.get(navigator, "credentials");
  if (!credentials) {
    throw refused(
      act,
      "AGE_PASSKEY_UNAVAILABLE",
      "passkeys are for pages that a browser got over https or from localhost",
    );
  }
  try {
    return await ask();
  } catch (cause) {
    const [code, detail] = (cause instanceof Error && REFUSALS.get(cause.name)) || NO_PRF;
    throw refused(act, code, detail, cause);
  }
}

/** All that remains: the browser answered, but without what keys are derived from. */
const NO_PRF = [
  "AGE_PASSKEY_UNAVAILABLE",
  "the browser or the authenticator lacks the WebAuthn extension PRF",
] as const;

function refused(act: Act, code: Code, detail: string, cause?: unknown): AgeError {
  const hint =
    code === "AGE_PASSKEY_REFUSED"
      ? "try again; createPasskey makes a passkey where there is none"
      : "outside of browsers age-plugin-fido2prf does it for tokens: sealkit age -e -i IDENTITY_FILE";
  return new AgeError(
    code,
    `Cannot ${act}: ${code === "AGE_PASSKEY_REFUSED" ? "nobody confirmed it" : "it cannot be done here"}`,
    {
      original: detail,
      details: [detail],
      hints: [hint],
      cause,
    },
  );
}
