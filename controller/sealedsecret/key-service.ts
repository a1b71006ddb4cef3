import { ToolkitError } from "../../src/errors.ts";
import type { KubeObject } from "../../src/objects/index.ts";
import type { Keyring } from "../../src/sealed/index.ts";
import { rotateSealed, SecretsError, verifySealed } from "../../src/secrets/index.ts";
import { printJson, readManifests } from "../../src/yaml/index.ts";
import { errorText } from "../error-text.ts";
import { ControllerError } from "../errors.ts";
import type { Rotated, SealedSecretService, Verified } from "./service.ts";

/** The key whose certificate is given out. */
export interface PublishedKey {
  readonly certificatePem: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** Answers callers with the keys of the moment. Nothing is ever rendered, and no clear text leaves. */
export function keyService(options: {
  readonly keyring: Keyring;
  readonly newest: () => PublishedKey | undefined;
  readonly acceptLegacyData: boolean;
}): SealedSecretService {
  const { keyring, newest, acceptLegacyData } = options;
  return {
    certificate: () => newest()?.certificatePem,

    async verify(body): Promise<Verified> {
      try {
        const [sealed, ...others] = readSealedSecrets(body);
        if (sealed === undefined || others.length > 0) throw malformed("it is not exactly one object");
        await verifySealed(sealed, keyring, { acceptLegacyData });
        return { kind: "opens" };
      } catch (error) {
        if (error instanceof SecretsError && error.code === "SECRETS_UNSEAL_FAILED") return { kind: "locked" };
        return { kind: "malformed", message: explained(error) };
      }
    },

    async rotate(body): Promise<Rotated> {
      try {
        const [sealed] = readSealedSecrets(body);
        const key = newest();
        if (sealed === undefined) throw malformed("there is none");
        if (key === undefined) throw new ControllerError("CONTROLLER_NO_KEY", "Cannot seal anew: there is no key yet");
        const rotated = await rotateSealed(sealed, keyring, { spki: key.spki });
        return { kind: "rotated", json: printJson(withoutKind(rotated)) };
      } catch (error) {
        return { kind: "refused", message: explained(error) };
      }
    },
  };
}

/**
 * What a SealedSecret can need that etcd takes: four thousand items of the shortest kind, with what the API server notes
 * about each of them. A body of strangers that is full of one-letter values would take seconds and half a gigabyte.
 */
const LIMITS = {
  maxNodes: 50_000,
  maxAliasNodes: 10_000,
  maxDepth: 100,
  maxDocuments: 100,
  maxCommentSteps: 1_000_000,
};

function readSealedSecrets(body: Uint8Array): readonly KubeObject[] {
  return readManifests(body, { limits: LIMITS }).manifests.map(({ value }) => {
    if (!isObject(value)) throw malformed("it has no apiVersion, kind and metadata");
    return value;
  });
}

function isObject(value: unknown): value is KubeObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  if (!("apiVersion" in value && "kind" in value && "metadata" in value)) return false;
  return typeof value.apiVersion === "string" && typeof value.metadata === "object" && value.metadata !== null;
}

/** The original's answer carries neither; its clients add both. */
function withoutKind(object: KubeObject): Omit<KubeObject, "apiVersion" | "kind"> {
  const { apiVersion: _, kind: __, ...rest } = object;
  return rest;
}

function malformed(state: string): ControllerError {
  return new ControllerError("CONTROLLER_REQUEST", `Cannot read the SealedSecret of the request: ${state}`);
}

const MOST_TOLD = 500;

/** For our own log: what went wrong and where. Names of the body may stand in it, however long; values do not. */
function explained(error: unknown): string {
  const text = error instanceof ToolkitError ? [error.message, ...error.details].join("; ") : errorText(error);
  return text.length > MOST_TOLD ? `${text.slice(0, MOST_TOLD)}…` : text;
}
