import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { quoteGo } from "../../../../src/bytes/go-quote.ts";
import { semverCompare } from "../../../../src/template/functions/semver/constraint.ts";
import { formatDuration, parseDuration } from "../../../../src/template/functions/time/duration.ts";
import { formatInstant } from "../../../../src/template/functions/time/format.ts";
import { parseInstant } from "../../../../src/template/functions/time/parse.ts";
import { loadZone, UTC } from "../../../../src/template/functions/time/zone.ts";
import { hostnameOf, parseUrl, urlText } from "../../../../src/template/functions/url/url.ts";

type Row = readonly [kind: string, args: readonly string[], result: string | null, error: string | null];

const rows: readonly Row[] = JSON.parse(
  readFileSync(new URL("../../../../fixtures/template/go-texts.json", import.meta.url), "utf8"),
);

const PRINTED = "2006-01-02 15:04:05.999999999 -0700 MST";

const ours: Readonly<Record<string, (...args: string[]) => string>> = {
  format: (seconds = "", nanoseconds = "", zone = "", layout = "") =>
    formatInstant({ seconds: BigInt(seconds), nanoseconds: Number(nanoseconds), zone: loadZone(zone) ?? UTC }, layout),
  parse: (layout = "", text = "", zone = "") =>
    formatInstant(parseInstant(layout, text, loadZone(zone) ?? UTC), PRINTED),
  duration: (text = "") => formatDuration(parseDuration(text)),
  semver: (constraint = "", version = "") => String(semverCompare(constraint, version)),
  url: (text = "") => {
    const url = parseUrl(text);
    const { scheme, host, path, query, opaque, fragment, userinfo = "" } = url;
    const parts = [scheme, host, hostnameOf(url), path, query, opaque, fragment, userinfo, urlText(url)];
    return `[${parts.map((part) => quoteGo(part)).join(" ")}]`;
  },
};

function answer(kind: string, args: readonly string[]): { result: string | null; error: string | null } {
  try {
    return { result: ours[kind]?.(...args) ?? null, error: null };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
    return { result: null, error: error.message };
  }
}

describe("loadZone()", () => {
  test.each(["Europe/Berlin", "UTC", "", "US/Eastern", "Etc/GMT+5"])("knows %j", (name) => {
    expect(loadZone(name)).toBeDefined();
  });

  test.each(["europe/berlin", "No/Where", "../etc/passwd", "+01:00", "Factory"])("does not know %j", (name) => {
    expect(loadZone(name)).toBeUndefined();
  });
});

describe("what Go answers", () => {
  test.each(["format", "parse", "duration", "semver", "url"])("%s", (kind) => {
    const own = rows.filter(([of]) => of === kind);
    expect(own.length).toBeGreaterThan(25);
    const wrong = own
      .map(([, args, result, error]) => ({ args, want: { result, error }, got: answer(kind, args) }))
      .filter(({ want, got }) => want.result !== got.result || want.error !== got.error);
    expect(wrong).toEqual([]);
  });
});
