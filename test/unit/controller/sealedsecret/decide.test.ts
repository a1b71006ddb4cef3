import { describe, expect, test } from "vitest";
import { decide } from "../../../../controller/sealedsecret/decide.ts";
import type { Secret } from "../../../../controller/sealedsecret/unsealer.ts";
import type { KubeObject } from "../../../../src/objects/index.ts";

const sealed: KubeObject = {
  apiVersion: "bitnami.com/v1alpha1",
  kind: "SealedSecret",
  metadata: { name: "db", namespace: "apps", uid: "u1" },
};
const owner = { apiVersion: "bitnami.com/v1alpha1", kind: "SealedSecret", name: "db", uid: "u1", controller: true };
const P = "sealedsecrets.bitnami.com/";

const wanted = (annotations?: Record<string, string>, more: Partial<Secret> = {}): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db", namespace: "apps", ...(annotations === undefined ? {} : { annotations }) },
  data: { a: "YQ==" },
  ...more,
});
const live = (metadata: KubeObject["metadata"], more: Partial<Secret> = {}): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "db", namespace: "apps", uid: "s1", resourceVersion: "7", ...metadata },
  type: "Opaque",
  ...more,
});
const decideOn = (secret: Secret, there?: Secret) =>
  decide({ sealed, unsealed: { kind: "opened", secret, openedBy: ["SHA256:k"] }, live: there });

describe("decide()", () => {
  test("a field that is not implemented comes before everything", () => {
    expect(decide({ sealed, unsupported: "spec.template.data" })).toEqual({
      kind: "unsupported",
      field: "spec.template.data",
    });
  });

  test.each([
    { kind: "no-key", mayPass: true },
    { kind: "unusable", mayPass: false },
  ] as const)("$kind locks the object; another try may help: $mayPass", ({ kind, mayPass }) => {
    expect(decide({ sealed, unsealed: { kind, message: "m" } })).toEqual({ kind: "locked", message: "m", mayPass });
  });

  test("a Secret that is not there is created with its owner", () => {
    expect(decideOn(wanted())).toEqual({
      kind: "create",
      unowned: false,
      secret: { ...wanted(), metadata: { ...wanted().metadata, ownerReferences: [owner] } },
    });
  });

  test("items that were opened equal the same items that were read, whatever objects hold them", () => {
    const data: Record<string, string> = Object.assign(Object.create(null), { a: "YQ==" });
    const there = live({ ownerReferences: [owner] }, { data: { a: "YQ==" } });
    expect(decideOn(wanted(undefined, { data }), there).kind).toBe("keep");
  });

  test.each([
    {
      name: "skip alone leaves nothing that marks it as ours",
      annotations: { [`${P}skip-set-owner-references`]: "true" },
      unowned: true,
    },
    {
      name: "skip with managed can be found again",
      annotations: { [`${P}skip-set-owner-references`]: "true", [`${P}managed`]: "true" },
      unowned: false,
    },
    { name: "only the word true counts", annotations: { [`${P}skip-set-owner-references`]: "yes" }, unowned: false },
  ])("creation: $name", ({ annotations, unowned }) => {
    expect(decideOn(wanted(annotations))).toMatchObject({ kind: "create", unowned });
  });

  test.each([
    { name: "no owner", metadata: {} },
    { name: "an owner of the same name with another uid", metadata: { ownerReferences: [{ ...owner, uid: "old" }] } },
    {
      name: "our uid as an owner that does not control",
      metadata: { ownerReferences: [{ ...owner, controller: false }] },
    },
    { name: "managed that is not the word true", metadata: { annotations: { [`${P}managed`]: "True" } } },
    { name: "managed in the template only", metadata: {}, secret: wanted({ [`${P}managed`]: "true" }) },
  ])("a Secret with $name is foreign", ({ metadata, secret = wanted() }) => {
    expect(decideOn(secret, live(metadata, { data: { a: "YQ==" } }))).toEqual({ kind: "foreign", name: "db" });
  });

  test("our own Secret with the same content is kept, whatever the template leaves out", () => {
    expect(decideOn(wanted(), live({ ownerReferences: [owner] }, { data: { a: "YQ==" } }))).toMatchObject({
      kind: "keep",
    });
    expect(decideOn({ ...wanted(), data: {} }, live({ ownerReferences: [owner] }))).toMatchObject({ kind: "keep" });
  });

  test("replacing sets data, labels, annotations and owner as a whole and keeps the rest", () => {
    const there = live(
      { annotations: { [`${P}managed`]: "true", x: "1" }, labels: { old: "1" }, finalizers: ["f"] },
      { data: { b: "Yg==" }, immutable: false },
    );
    const decision = decideOn(wanted(undefined, { type: "my/type" }), there);
    expect(decision).toEqual({
      kind: "update",
      live: there,
      secret: {
        ...there,
        type: "my/type",
        data: { a: "YQ==" },
        metadata: {
          name: "db",
          namespace: "apps",
          uid: "s1",
          resourceVersion: "7",
          finalizers: ["f"],
          ownerReferences: [owner],
        },
      },
    });
  });

  test("patching adds and takes no ownership", () => {
    const there = live({ annotations: { [`${P}patch`]: "true" }, labels: { old: "1" } }, { data: { b: "Yg==" } });
    expect(decideOn(wanted({ note: "n" }), there)).toEqual({
      kind: "update",
      live: there,
      secret: {
        ...there,
        data: { a: "YQ==", b: "Yg==" },
        metadata: { ...there.metadata, annotations: { [`${P}patch`]: "true", note: "n" }, labels: { old: "1" } },
      },
    });
  });

  test("patching a managed Secret takes ownership and keeps both annotations", () => {
    const there = live({ annotations: { [`${P}patch`]: "true", [`${P}managed`]: "true" } });
    const decision = decideOn(wanted(), there);
    expect(decision).toMatchObject({
      kind: "update",
      secret: { metadata: { annotations: there.metadata.annotations, ownerReferences: [owner] } },
    });
  });

  test("what was decided and done is kept the next time", () => {
    for (const annotations of [{ [`${P}managed`]: "true" }, { [`${P}patch`]: "true" }]) {
      const first = decideOn(wanted(annotations), live({ annotations }));
      if (first.kind !== "update") throw new Error("expected an update");
      expect(decideOn(wanted(annotations), first.secret)).toMatchObject({ kind: "keep" });
    }
  });
});
