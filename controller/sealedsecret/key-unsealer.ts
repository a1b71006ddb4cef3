import type { Keyring } from "../../src/sealed/index.ts";
import {
  type ItemProblem,
  isUnsealedDigest,
  SecretsError,
  secretManifest,
  type TemplateRenderer,
  unsealedDigest,
  unsealSecret,
} from "../../src/secrets/index.ts";
import type { Secret, Unsealer } from "./unsealer.ts";

export interface KeyUnsealerOptions {
  readonly keyring: Keyring;
  /** Whether the single blob of versions before 0.6 is opened. */
  readonly acceptLegacyData: boolean;
  /** What renders `spec.template.data`. */
  readonly templates: TemplateRenderer;
}

/** Objects of which it is remembered which key opened them; the one that was used longest ago is forgotten first. */
const REMEMBERED = 50_000;

/** What the original says of an item that no key opens; a key that comes later may. */
const NO_KEY = "no key could decrypt secret";

/** Opens SealedSecrets with a keyring; the key that opened an object last time is tried first. */
export function keyUnsealer({ keyring, acceptLegacyData, templates }: KeyUnsealerOptions): Unsealer {
  const lastKeys = new Map<string, string>();

  return {
    async unseal(sealed) {
      const { uid = "" } = sealed.metadata;
      try {
        const first = lastKeys.get(uid);
        const { secret, openedBy } = await unsealSecret(sealed, keyring, { first, acceptLegacyData, templates });
        const [fingerprint] = openedBy.values();
        const keys = [...new Set(openedBy.values())].sort();
        lastKeys.delete(uid);
        if (fingerprint !== undefined) lastKeys.set(uid, fingerprint);
        if (lastKeys.size > REMEMBERED) lastKeys.delete(lastKeys.keys().next().value ?? "");
        return { kind: "opened", secret: secretManifest(secret) satisfies Secret, openedBy: keys };
      } catch (error) {
        if (!(error instanceof SecretsError)) throw error;
        if (error.code === "SECRETS_TEMPLATES_BUSY") return { kind: "busy" };
        if (error.code === "SECRETS_TEMPLATE_FAILED") {
          const mayPass = error.templates.some(({ failure }) => ["time", "memory", "crash"].includes(failure));
          return { kind: "template", message: error.original, mayPass };
        }
        // An item that is cut off opens with no key of the world.
        const isKeyMissing =
          error.code === "SECRETS_UNSEAL_FAILED" &&
          error.items.every(({ original, defect }) => original === NO_KEY && defect === undefined);
        const message = withTried(error.original, triedText(error.items));
        if (!isKeyMissing) return { kind: "unusable", message };
        return { kind: "no-key", message, item: error.items.find(({ tried }) => tried.length > 0)?.item };
      }
    },
    proof: (sealed, secret, openedBy) => unsealedDigest({ sealed, secret, openedBy, acceptLegacyData }, keyring),
    isUnchanged: (sealed, secret, { openedBy, digest }) =>
      isUnsealedDigest(digest, { sealed, secret, openedBy, acceptLegacyData }, keyring),
  };
}

/** `text` behind the line that it is about; other lines tell of items that no key was tried on. */
function withTried(original: string, text: string): string {
  const lines = original.split("\n");
  const at = lines.findIndex((line) => line.startsWith(NO_KEY));
  return lines.map((line, index) => (index === at ? `${line}${text}` : line)).join("\n");
}

/** Fingerprints that are named; the log of a controller with hundreds of keys should stay readable. */
const SHOWN = 8;

/** Which keys did not fit, behind the original's text: people ask for it first. Fingerprints are public. */
function triedText(items: readonly ItemProblem[]): string {
  const tried = [...new Set(items.flatMap((item) => item.tried))];
  if (tried.length === 0) return "";
  const more = tried.length > SHOWN ? ` and ${tried.length - SHOWN} more` : "";
  return `; tried: ${tried.slice(0, SHOWN).join(", ")}${more}`;
}
