import { encodeBase64Unpadded } from "../bytes/base64.ts";

/** One way to the file key: for one recipient, in the form that its `type` names. */
export interface Stanza {
  readonly type: string;
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

export const COLUMNS = 64;

/** A stanza as it stands in a header, final line feed included. A body of 48·n bytes ends in an empty line. */
export function formatStanza({ type, args, body }: Stanza): string {
  const text = encodeBase64Unpadded(body);
  let lines = "";
  for (let at = 0; at <= text.length; at += COLUMNS) lines += `${text.slice(at, at + COLUMNS)}\n`;
  return `-> ${[type, ...args].join(" ")}\n${lines}`;
}
