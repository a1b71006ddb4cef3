import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DerReader, TAG } from "../../../src/bytes/der.ts";
import { checkPkcs12Mac } from "../../../src/pkcs12/protection.ts";
import { readPkcs12 } from "../../../src/pkcs12/read.ts";

interface Fixture {
  readonly name: string;
  readonly password: string;
  readonly pfx: string;
}

const fixtures = JSON.parse(
  readFileSync(new URL("../../../fixtures/pkcs12/files.json", import.meta.url), "utf8"),
) as Fixture[];
const opened = fixtures.filter(({ name }) => !["no-key"].includes(name));

function pfxOf(name: string): Buffer {
  return Buffer.from(fixtures.find((fixture) => fixture.name === name)?.pfx ?? "", "base64");
}

describe("readPkcs12()", () => {
  test.each(opened)("opens what OpenSSL wrote: $name", async ({ name, password, pfx }) => {
    const contents = await readPkcs12(Buffer.from(pfx, "base64"), password);
    if (typeof contents === "string") throw new Error(contents);
    const key = createPrivateKey({ key: Buffer.from(contents.privateKey), format: "der", type: "pkcs8" });
    const [own, issuer] = contents.certificates.map((der) => new X509Certificate(der));
    expect(own?.checkPrivateKey(key)).toBe(true);
    expect(issuer?.subject).toBe(name === "curve" ? undefined : "CN=issuer of a test");
  });

  test.each([
    { name: "a wrong password", bytes: pfxOf("aes-256"), password: "wrong", says: "does not open" },
    { name: "a wrong password of RC2", bytes: pfxOf("rc2-128"), password: "wrong", says: "does not open" },
    { name: "a wrong password without a MAC", bytes: pfxOf("no-mac"), password: "wrong", says: "does not open" },
    { name: "no password", bytes: pfxOf("aes-256"), password: undefined, says: "does not open" },
    { name: "no key", bytes: pfxOf("no-key"), password: "secret", says: "no private key" },
    { name: "nothing", bytes: Buffer.alloc(0), password: "", says: "no PKCS #12" },
    { name: "half a file", bytes: pfxOf("aes-256").subarray(0, 900), password: "secret", says: "no PKCS #12" },
    { name: "a changed byte", bytes: changed(pfxOf("clear")), password: "secret", says: "does not open" },
    { name: "too many rounds", bytes: rounds(pfxOf("sha384-rounds")), password: "secret", says: "rounds" },
    { name: "more parts than anybody writes", bytes: emptyParts(11), password: "", says: "malformed" },
    { name: "as many as some may write, all empty", bytes: emptyParts(10), password: "", says: "no private key" },
    { name: "two megabytes", bytes: Buffer.alloc(2 ** 21, 0x30), password: "", says: "too long" },
  ])("refuses $name", async ({ bytes, password, says }) => {
    expect(await readPkcs12(bytes, password)).toContain(says);
  });

  test("never throws on changed bytes", async () => {
    for (const name of ["no-mac", "clear"]) {
      const pfx = pfxOf(name);
      for (let at = 0; at < 200; at++) {
        const bad = Buffer.from(pfx);
        // Only where the structure is: a changed ciphertext costs rounds.
        bad[at] = (bad[at] ?? 0) ^ 0xff;
        await readPkcs12(bad.subarray(0, 400 + at), "secret");
      }
    }
  });

  test("names the MAC of a later standard", () => {
    const pbmac1 = Uint8Array.from([
      0x30, 0x11, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0e, 0x04, 0x02, 0, 0, 0x04,
      0x01, 0,
    ]);
    expect(checkPkcs12Mac(new DerReader(pbmac1), new Uint8Array(), "")).toContain("PBMAC1");
    expect(checkPkcs12Mac(new DerReader(pbmac1.subarray(0, 9)), new Uint8Array(), "")).toBe("it is malformed");
  });
});

/** A file without a MAC whose parts hold nothing. */
function emptyParts(count: number): Buffer {
  const tlv = (tag: number, ...content: Buffer[]) => {
    const whole = Buffer.concat(content);
    const { length } = whole;
    const written = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
    return Buffer.concat([Buffer.from([tag, ...written]), whole]);
  };
  const data = (content: Buffer) =>
    tlv(0x30, tlv(0x06, Buffer.from("2a864886f70d010701", "hex")), tlv(0xa0, tlv(0x04, content)));
  const parts = Array.from({ length: count }, () => data(tlv(0x30)));
  return tlv(0x30, tlv(0x02, Buffer.from([3])), data(tlv(0x30, ...parts)));
}

/** One bit of a certificate, which only the MAC covers. */
function changed(pfx: Buffer): Buffer {
  const bad = Buffer.from(pfx);
  bad[1000] = (bad[1000] ?? 0) ^ 1;
  return bad;
}

/** 5000 rounds, wherever they stand, become as many as the two bytes and a third can say. */
function rounds(pfx: Buffer): Buffer {
  const macData = new DerReader(pfx).enter(TAG.sequence);
  macData?.next(TAG.integer);
  macData?.next(TAG.sequence);
  expect(macData?.enter(TAG.sequence)?.peekTag()).toBe(TAG.sequence);
  const wanted = Buffer.from([0x02, 0x02, 0x13, 0x88]);
  const at = pfx.lastIndexOf(wanted);
  expect(createHash("sha256").update(pfx.subarray(at)).digest()).toHaveLength(32);
  // The last value of the file: one byte more, in the two lengths around it too.
  const longer = Buffer.concat([pfx.subarray(0, at), Buffer.from([0x02, 0x03, 0x7f, 0xff, 0xff])]);
  longer.writeUInt16BE(longer.readUInt16BE(2) + 1, 2);
  const macAt = longer.indexOf(macHeader(pfx));
  longer[macAt + 1] = (longer[macAt + 1] ?? 0) + 1;
  return longer;
}

function macHeader(pfx: Buffer): Buffer {
  const file = new DerReader(pfx).enter(TAG.sequence);
  file?.next(TAG.integer);
  file?.next(TAG.sequence);
  return Buffer.from(file?.next(TAG.sequence)?.whole.subarray(0, 12) ?? []);
}
