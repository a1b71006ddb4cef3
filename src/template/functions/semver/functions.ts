import { defineFunction, type FunctionTable, functionTable } from "../../value/function.ts";
import { GoError } from "../../value/go-error.ts";
import { type GoMethod, GoObject, type GoObjectType, type GoValue } from "../../value/go-value.ts";
import { int, integer, isObjectOf } from "../../value/make.ts";
import { semverCompare } from "./constraint.ts";
import { checkMetadata, checkPrerelease, compareVersions, parseVersion, type Version, versionText } from "./version.ts";

/** Sprig's functions of semantic versions. */
export function semverFunctions(): FunctionTable {
  return functionTable(
    defineFunction({
      name: "semver",
      params: ["string"],
      call: ([text]) => new GoObject(POINTER, parseVersion(text)),
    }),
    defineFunction({
      name: "semverCompare",
      params: ["string", "string"],
      call: ([constraint, version], host) => {
        host.step(constraint.length);
        return semverCompare(constraint, version);
      },
    }),
  );
}

const shared = {
  text: versionText,
  json: versionText,
  equal: (a: Version, b: Version) => versionText(a) === versionText(b) && a.original === b.original,
};

/** What the methods that change a version return: not a pointer. */
const VALUE: GoObjectType<Version> = { ...shared, name: "semver.Version", kind: "struct", methods: methods("value") };

const POINTER: GoObjectType<Version> = { ...shared, name: "*semver.Version", kind: "ptr", methods: methods("pointer") };

/** A value that a function returned has no address, so it lacks the methods that want a pointer. */
function methods(receiver: "value" | "pointer"): ReadonlyMap<string, GoMethod<Version>> {
  const plain = (call: (version: Version) => GoValue): GoMethod<Version> => ({ params: [], call });
  const number = (part: "major" | "minor" | "patch") => plain((version) => integer("uint64", version[part]));
  const ordered = (call: (order: number) => GoValue): GoMethod<Version> => ({
    params: ["*semver.Version"],
    call: (version, [other]) => {
      if (other === undefined || !isObjectOf(other, POINTER))
        throw new GoError("invalid memory address or nil pointer dereference");
      return call(compareVersions(version, other.state));
    },
  });
  const next = (change: (version: Version) => Partial<Version>) =>
    plain((version) => changed(version, change(version)));
  const replaced = (part: "prerelease" | "metadata", check: (text: string) => void): GoMethod<Version> => ({
    params: ["string"],
    call: (version, [text]) => {
      if (typeof text !== "string") throw new TypeError('"text" expected a string, got another type');
      check(text);
      return changed(version, { [part]: text });
    },
  });
  const released = { prerelease: "", metadata: "" };
  const ofPointer: [string, GoMethod<Version>][] = [
    ["Original", plain(({ original }) => original)],
    ["Compare", ordered((order) => int(order))],
    ["Equal", ordered((order) => order === 0)],
    ["LessThan", ordered((order) => order < 0)],
    ["LessThanEqual", ordered((order) => order <= 0)],
    ["GreaterThan", ordered((order) => order > 0)],
    ["GreaterThanEqual", ordered((order) => order >= 0)],
  ];
  return new Map<string, GoMethod<Version>>([
    ...(receiver === "pointer" ? ofPointer : []),
    ["String", plain(versionText)],
    ["Major", number("major")],
    ["Minor", number("minor")],
    ["Patch", number("patch")],
    ["Prerelease", plain(({ prerelease }) => prerelease)],
    ["Metadata", plain(({ metadata }) => metadata)],
    ["IncMajor", next(({ major }) => ({ ...released, major: up(major), minor: 0n, patch: 0n }))],
    ["IncMinor", next(({ minor }) => ({ ...released, minor: up(minor), patch: 0n }))],
    [
      "IncPatch",
      // A prerelease is followed by its release.
      next(({ patch, prerelease }) => ({ ...released, patch: prerelease === "" ? up(patch) : patch })),
    ],
    ["SetPrerelease", replaced("prerelease", checkPrerelease)],
    ["SetMetadata", replaced("metadata", checkMetadata)],
  ]);
}

function up(value: bigint): bigint {
  return BigInt.asUintN(64, value + 1n);
}

function changed(version: Version, parts: Partial<Version>): GoObject<Version> {
  const next = { ...version, ...parts };
  const original = `${version.original.startsWith("v") ? "v" : ""}${versionText(next)}`;
  return new GoObject(VALUE, { ...next, original });
}
