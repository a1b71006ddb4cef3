import { createHmac, scryptSync } from "node:crypto";
import bcryptjs from "bcryptjs";
import { display } from "../../fmt/print.ts";
import { defineFunction, type FunctionTable, functionTable } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { byteLength, bytesOf, isValidUtf8 } from "../../value/go-string.ts";
import { GoObject, type GoObjectType, type GoSlice, type GoValue } from "../../value/go-value.ts";
import type { Host } from "../../value/host.ts";
import { isObjectOf } from "../../value/make.ts";
import { AddressError, parseAddress } from "../ip-address.ts";
import { decryptAes, encryptAes } from "./aes-adapter.ts";
import { type CertificatePair, givenPair, type Request, selfSigned, signedBy } from "./certificates-adapter.ts";
import { masterPassword } from "./master-password.ts";
import { generatePrivateKey, generateRsaKey, type ReadKey, readPrivateKeyPem } from "./private-keys-adapter.ts";

/** Go's `sprig.certificate`. */
const CERTIFICATE: GoObjectType<CertificatePair> = {
  name: "sprig.certificate",
  kind: "struct",
  fields: new Map([
    ["Cert", { type: "string", read: ({ cert }: CertificatePair) => cert }],
    ["Key", { type: "string", read: ({ key }: CertificatePair) => key }],
  ]),
  equal: (a, b) => a.cert === b.cert && a.key === b.key,
};

/** Rounds that a call of each kind counts for: about as many as take the same time. */
const COST = { password: 50_000, rsa4096: 500_000, rsa2048: 100_000, key: 5_000, signature: 2_000 } as const;

/** Sprig's functions of passwords, keys, certificates and ciphers. Keys come from OpenSSL's random source. */
export function cryptoFunctions(): FunctionTable {
  return functionTable(
    defineFunction({ name: "bcrypt", params: ["string"], call: ([password], host) => bcrypt(password, host) }),
    defineFunction({
      name: "htpasswd",
      params: ["string", "string"],
      call: ([user, password], host) =>
        user.includes(":") ? `invalid username: ${user}` : `${user}:${bcrypt(password, host)}`,
    }),
    defineFunction({
      name: "derivePassword",
      params: ["uint32", "string", "string", "string", "string"],
      call: ([counter, type, password, user, site], host) => {
        host.step(COST.password);
        const parts = { password: bytesOf(password), user: bytesOf(user), site: bytesOf(site) };
        return (
          masterPassword(type, { counter: counter.toNumber(), ...parts }, MASTER_PASSWORD) ??
          `cannot find password template ${type}`
        );
      },
    }),
    defineFunction({
      name: "genPrivateKey",
      params: ["string"],
      call: ([type], host) => {
        host.step(type === "ecdsa" || type === "ed25519" ? COST.key : COST.rsa4096);
        host.spend(4096);
        return generatePrivateKey(type);
      },
    }),
    defineFunction({
      name: "encryptAES",
      params: ["string", "string"],
      call: ([password, text], host) => {
        host.spend(byteLength(text) * 2 + 64);
        return encryptAes(password, text, host.randomBytes(16));
      },
    }),
    defineFunction({
      name: "decryptAES",
      params: ["string", "string"],
      call: ([password, text], host) => {
        host.spend(text.length);
        return decryptAes(password, text);
      },
    }),
    ...certificateFunctions(),
  );
}

function certificateFunctions() {
  const newKey = (host: Host): ReadKey => {
    host.step(COST.rsa2048);
    return generateRsaKey();
  };
  const givenKey = (pem: string, host: Host): ReadKey => {
    host.step(COST.signature);
    try {
      return readPrivateKeyPem(pem);
    } catch (error) {
      if (error instanceof GoError) throw new GoError(`parsing private key: ${error.message}`);
      throw error;
    }
  };
  const names = ["string", "[]interface {}", "[]interface {}", "int"] as const;
  return [
    defineFunction({
      name: "buildCustomCert",
      params: ["string", "string"],
      call: ([cert, key]) => pairOf(givenPair(cert, key)),
    }),
    defineFunction({
      name: "genCA",
      params: ["string", "int"],
      call: ([name, days], host) =>
        pairOf(selfSigned(newKey(host), requestOf(host, { name, days: days.value, isAuthority: true }))),
    }),
    defineFunction({
      name: "genCAWithKey",
      params: ["string", "int", "string"],
      call: ([name, days, pem], host) =>
        pairOf(selfSigned(givenKey(pem, host), requestOf(host, { name, days: days.value, isAuthority: true }))),
    }),
    defineFunction({
      name: "genSelfSignedCert",
      params: names,
      call: ([name, ips, dns, days], host) =>
        pairOf(selfSigned(newKey(host), requestOf(host, { name, ips, dns, days: days.value }))),
    }),
    defineFunction({
      name: "genSelfSignedCertWithKey",
      params: [...names, "string"],
      call: ([name, ips, dns, days, pem], host) =>
        pairOf(selfSigned(givenKey(pem, host), requestOf(host, { name, ips, dns, days: days.value }))),
    }),
    defineFunction({
      name: "genSignedCert",
      params: [...names, "sprig.certificate"],
      call: ([name, ips, dns, days, ca], host) =>
        pairOf(signedBy(newKey(host), authorityOf(ca), () => requestOf(host, { name, ips, dns, days: days.value }))),
    }),
    defineFunction({
      name: "genSignedCertWithKey",
      params: [...names, "sprig.certificate", "string"],
      call: ([name, ips, dns, days, ca, pem], host) =>
        pairOf(
          signedBy(givenKey(pem, host), authorityOf(ca), () => requestOf(host, { name, ips, dns, days: days.value })),
        ),
    }),
  ];
}

function pairOf(pair: CertificatePair): GoObject<CertificatePair> {
  return new GoObject(CERTIFICATE, pair);
}

function authorityOf(value: GoValue): CertificatePair {
  if (isObjectOf(value, CERTIFICATE)) return value.state;
  throw new TypeError('"value" expected a sprig.certificate, got another type');
}

function requestOf(
  host: Host,
  options: {
    readonly name: string;
    readonly days: bigint;
    readonly ips?: GoSlice;
    readonly dns?: GoSlice;
    readonly isAuthority?: boolean;
  },
): Request {
  return {
    name: options.name,
    days: options.days,
    isAuthority: options.isAuthority ?? false,
    addresses: (options.ips?.items ?? []).map((ip) => addressOf(ip, host)),
    dnsNames: (options.dns?.items ?? []).map((name) => textOf(name, "error processing alternate dns name", host)),
    now: host.nowNanoseconds() / 1_000_000_000n,
    serial: host.randomBytes(16),
  };
}

function addressOf(value: GoValue, host: Host): Uint8Array {
  const text = textOf(value, "error parsing ip", host);
  try {
    if (text.includes("%")) throw new AddressError(text, "zones have no place here");
    const bytes = parseAddress(text);
    const isMapped = bytes.length === 16 && bytes.subarray(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
    return isMapped ? bytes.subarray(12) : bytes;
  } catch (error) {
    if (error instanceof AddressError) throw new GoError(`error parsing ip: ${text}`);
    throw error;
  }
}

function textOf(value: GoValue, what: string, host: Host): string {
  if (typeof value === "string") return value;
  throw new GoError(`${what}: ${display(value, host)} is not a string`);
}

const BCRYPT_COST = "$2a$10$";
const BCRYPT_BYTES = 72;

/** Cost 10, written `$2a$` as Go writes it. */
function bcrypt(password: string, host: Host): string {
  host.step(COST.password);
  if (byteLength(password) > BCRYPT_BYTES) {
    return "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes";
  }
  if (!isValidUtf8(password)) throw new GoError("sealkit hashes passwords that are UTF-8 only");
  const salt = bcryptjs.encodeBase64(host.randomBytes(16), 16);
  return bcryptjs.hashSync(password, BCRYPT_COST + salt);
}

const MASTER_PASSWORD = {
  scrypt: (password: Uint8Array, salt: Uint8Array) =>
    scryptSync(password, salt, 64, { N: 32768, r: 8, p: 2, maxmem: 64 * 1024 * 1024 }),
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac("sha256", key).update(data).digest(),
};
