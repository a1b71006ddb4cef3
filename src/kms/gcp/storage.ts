import { encodeBase64 } from "../../bytes/base64.ts";
import { KeyServiceError } from "../../sops/index.ts";
import { askJson } from "../http/ask-json.ts";
import { textField } from "../http/message.ts";
import { type Refusal, refusal } from "../http/refusal.ts";
import type { KmsPorts } from "../ports.ts";
import { readSecretUrl } from "../tokens/safe-url.ts";
import { crc32c } from "./crc32c.ts";
import { GOOGLE_UNIVERSE } from "./credentials-problem.ts";
import { ambientAccess, type GoogleAccess } from "./google-access.ts";
import { explainGoogle } from "./google-token.ts";

/** An object of Google Cloud Storage. */
export interface GcsPlace {
  readonly bucket: string;
  readonly object: string;
}

export interface GcsStorage {
  /** Writes the object, whatever is there. @throws {KeyServiceError} */
  upload(place: GcsPlace, bytes: Uint8Array): Promise<void>;
}

const CONTENT_TYPE = "text/plain; charset=utf-8";

/** Google Cloud Storage with the credentials of the environment; `STORAGE_EMULATOR_HOST` names a stand-in without any. */
export function gcsStorage(ports: KmsPorts): GcsStorage {
  let access: Promise<GoogleAccess | Refusal> | undefined;
  const token = async (): Promise<string | undefined | Refusal> => {
    if (ports.env("STORAGE_EMULATOR_HOST") !== undefined) return undefined;
    access ??= ambientAccess(ports);
    const found = await access;
    if (found.kind === "refusal") return found;
    const answer = await found.tokens();
    return answer.kind === "refusal" ? answer : answer.token.revealText();
  };
  return {
    async upload(place, bytes) {
      const done = await upload(ports, { place, bytes, token });
      if (done === undefined) return;
      const shown = JSON.stringify(`gs://${place.bucket}/${place.object}`);
      throw new KeyServiceError(done.code, `Cannot upload ${shown}: ${done.state}`, {
        ...(done.hints === undefined ? {} : { hints: done.hints }),
        original: done.original,
      });
    },
  };
}

interface Upload {
  readonly place: GcsPlace;
  readonly bytes: Uint8Array;
  readonly token: () => Promise<string | undefined | Refusal>;
}

/** Source: the simple upload of the Cloud Storage JSON API, version 1. */
async function upload(ports: KmsPorts, { place, bytes, token }: Upload): Promise<Refusal | undefined> {
  const url = uploadUrl(ports, place);
  if (!(url instanceof URL)) return url;
  const bearer = await token();
  if (typeof bearer === "object") return bearer;
  const sum = checksum(bytes);
  const answer = await askJson(
    ports,
    () => ({
      method: "POST",
      url,
      headers: {
        "content-type": CONTENT_TYPE,
        "x-goog-hash": `crc32c=${sum}`,
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: new Uint8Array(bytes),
    }),
    { who: "the service", secrets: bearer === undefined ? [] : [bearer], explain: explainGoogle },
  );
  if (answer.kind === "refusal") return answer;
  const stored = textField(answer.body, "crc32c");
  if (stored === undefined || stored === sum) return undefined;
  return refusal("KEY_SERVICE_BAD_ANSWER", "the service did not store what was sent");
}

function uploadUrl(ports: KmsPorts, { bucket, object }: GcsPlace): URL | Refusal {
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket))
    return refusal("KEY_SERVICE_BAD_KEY", "that is no name of a bucket");
  if (object === "" || object.length > MAX_OBJECT_CHARACTERS || /[\p{Cc}\p{Cs}]/u.test(object)) {
    return refusal("KEY_SERVICE_BAD_KEY", "that is no name of an object");
  }
  const emulator = ports.env("STORAGE_EMULATOR_HOST");
  const base = emulator === undefined ? `https://storage.${GOOGLE_UNIVERSE}` : emulator;
  const url = readSecretUrl(base.includes("://") ? base : `http://${base}`);
  if (typeof url === "string")
    return refusal("KEY_SERVICE_BAD_SETTINGS", `STORAGE_EMULATOR_HOST is not usable: ${url}`);
  url.pathname = `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  url.search = "";
  url.searchParams.set("uploadType", "media");
  url.searchParams.set("name", object);
  return url;
}

const MAX_OBJECT_CHARACTERS = 1024;

/** As the service writes it: base64 of four bytes, the highest first. */
function checksum(bytes: Uint8Array): string {
  const sum = new Uint8Array(4);
  new DataView(sum.buffer).setUint32(0, crc32c(bytes));
  return encodeBase64(sum);
}
