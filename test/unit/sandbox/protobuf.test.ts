import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeProtobuf } from "../../../sandbox/protobuf/decode.ts";
import { WireError } from "../../../sandbox/protobuf/wire.ts";

const varint = (value: number): Buffer => {
  const octets: number[] = [];
  let rest = value;
  do {
    octets.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.from(octets);
};
const bytes = (field: number, content: Buffer | string) => {
  const buffer = Buffer.from(content);
  return Buffer.concat([varint(field * 8 + 2), varint(buffer.length), buffer]);
};
const int = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);
const object = (apiVersion: string, kind: string, content: Buffer) =>
  Buffer.concat([
    Buffer.from("k8s\u0000"),
    bytes(1, Buffer.concat([bytes(1, apiVersion), bytes(2, kind)])),
    bytes(2, content),
    bytes(3, ""),
    bytes(4, ""),
  ]);
const metadata = bytes(1, Buffer.concat([bytes(1, "name"), bytes(3, ""), bytes(8, "")]));

describe("decodeProtobuf()", () => {
  test("reads maps, bytes, numbers and times, and leaves zeros out", () => {
    const entry = (key: string, value: string) => bytes(2, Buffer.concat([bytes(1, key), bytes(2, value)]));
    const secret = object(
      "v1",
      "Secret",
      Buffer.concat([metadata, entry("a", "ü"), entry("b", ""), bytes(3, "Opaque"), int(5, 0)]),
    );
    expect(decodeProtobuf(secret)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "name" },
      data: { a: "w7w=", b: "" },
      type: "Opaque",
      immutable: false,
    });
    const spec = bytes(
      2,
      Buffer.concat([bytes(1, "me"), int(2, 15), bytes(4, Buffer.concat([int(1, 1_700_000_000), int(2, 5_000)]))]),
    );
    expect(decodeProtobuf(object("coordination.k8s.io/v1", "Lease", Buffer.concat([metadata, spec])))).toMatchObject({
      spec: { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: "2023-11-14T22:13:20.000005Z" },
    });
  });

  test("fields that are inlined in JSON are inlined", () => {
    const source = bytes(2, bytes(6, bytes(1, "s")));
    const volume = bytes(1, Buffer.concat([bytes(1, "v"), source]));
    const pod = object("v1", "Pod", Buffer.concat([metadata, bytes(2, volume)]));
    expect(decodeProtobuf(pod)).toMatchObject({ spec: { volumes: [{ name: "v", secret: { secretName: "s" } }] } });
  });

  test.each([
    { what: "nothing", body: Buffer.alloc(0) },
    { what: "JSON", body: Buffer.from("{}") },
    { what: "a kind that has no such form", body: object("example.com/v1", "Widget", Buffer.alloc(0)) },
    { what: "a field cut short", body: object("v1", "Secret", Buffer.from([0x0a, 0x7f, 0x01])) },
    { what: "an endless number", body: object("v1", "Secret", Buffer.alloc(20, 0xff)) },
    { what: "a group", body: object("v1", "Secret", Buffer.from([0x0b])) },
  ])("refuses $what", ({ body }) => {
    expect(() => decodeProtobuf(body)).toThrow(WireError);
  });

  test("random bytes never do anything but fail cleanly", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("Pod", "Secret", "Service", "Event"),
        (noise, kind) => {
          try {
            decodeProtobuf(object("v1", kind, Buffer.from(noise)));
          } catch (error) {
            if (!(error instanceof WireError) && !(error instanceof RangeError)) throw error;
          }
        },
      ),
    );
  });
});
