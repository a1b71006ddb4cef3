import { describe, expect, test } from "vitest";
import { ourEvents, suiteCases } from "../../helpers/yaml/suite.ts";

/**
 * Where we read otherwise than YAML 1.2 asks, because the Go libraries do (the peers tests compare all of the suite with
 * them): the problem we report, or that we accept what is wrong, or read something else.
 */
const AS_THE_GO_LIBRARIES: Readonly<Record<string, string>> = {
  "27NA": "found incompatible YAML document",
  "2JQS": "did not find expected key",
  "2LFX": "found unknown directive name",
  "2SXE": "mapping values are not allowed in this context",
  "3UYS": "found unknown escape character",
  "4ABK": "other events",
  "4MUZ-00": "did not find expected ',' or '}'",
  "4MUZ-01": "did not find expected ',' or '}'",
  "4MUZ-02": "did not find expected ',' or '}'",
  "52DL": "other events",
  "58MP": "did not find expected node content",
  "5MUD": "did not find expected ',' or '}'",
  "5T43": "did not find expected node content",
  "652Z": "other events",
  "6BCT": "a tab is used for indentation",
  "6CA3": "a tab is used for indentation",
  "6LVF": "found unknown directive name",
  "6M2F": "did not find expected key",
  "6ZKB": "found incompatible YAML document",
  "7Z25": "did not find expected <document start>",
  "8MK2": "other events",
  "8XYN": "did not find expected alphabetic or numeric character",
  "96NN-00": "found a tab character where an indentation space is expected",
  "96NN-01": "found a tab character where an indentation space is expected",
  "9C9N": "accepted",
  "9DXL": "found incompatible YAML document",
  "9HCY": "accepted",
  "9JBA": "accepted",
  "9SA2": "did not find expected ',' or '}'",
  A2M4: "a tab is used for indentation",
  BEC7: "found incompatible YAML document",
  CFD4: "did not find expected node content",
  CVW2: "accepted",
  DBG4: "did not find expected node content",
  DK3J: "did not find expected <document start>",
  "DK95-00": "a tab is used for indentation",
  "DK95-01": "accepted",
  "DK95-03": "a tab is used for indentation",
  "DK95-04": "found a tab character that violates indentation",
  "DK95-07": "found incompatible YAML document",
  FP8R: "did not find expected <document start>",
  FRK4: "did not find expected node content",
  G5U8: "accepted",
  "HM87-00": "did not find expected node content",
  "HM87-01": "other events",
  HRE5: "accepted",
  HWV9: "did not find expected node content",
  "JEF9-02": "other events",
  JR7V: "did not find expected ',' or ']'",
  K3WX: "did not find expected ',' or '}'",
  "L24T-01": "other events",
  "M2N8-00": "did not find expected key",
  M7A3: "could not find expected directive name",
  "MUS6-00": "accepted",
  "MUS6-03": "other events",
  "MUS6-04": "other events",
  "MUS6-05": "found unknown directive name",
  "MUS6-06": "found unknown directive name",
  NHX8: "did not find expected key",
  NJ66: "did not find expected ',' or '}'",
  NKF9: "did not find expected key",
  Q5MG: "a tab is used for indentation",
  QB6E: "accepted",
  QT73: "did not find expected node content",
  R4YG: "found a tab character where an indentation space is expected",
  RTP8: "found incompatible YAML document",
  S3PD: "did not find expected key",
  S4JQ: "other events",
  S98Z: "accepted",
  "SM9W-01": "did not find expected key",
  SU5Z: "accepted",
  U99R: "accepted",
  "UKK6-00": "did not find expected key",
  "UKK6-02": "other events",
  UT92: "did not find expected ',' or '}'",
  "VJP3-01": "did not find expected ',' or '}'",
  W4TN: "found incompatible YAML document",
  W5VH: "did not find expected alphabetic or numeric character",
  WZ62: "did not find expected ',' or '}'",
  X4QW: "accepted",
  Y2GN: "other events",
  "Y79Y-01": "found a tab character where an indentation space is expected",
  "Y79Y-03": "accepted",
  "Y79Y-10": "a tab is used for indentation",
  YJV2: "accepted",
};

describe("the YAML test suite", () => {
  test("is there", () => {
    expect(suiteCases().length).toBeGreaterThan(400);
  });

  test.each(suiteCases())("$name", ({ name, yaml, events }) => {
    const ours = ourEvents(yaml);
    const known = AS_THE_GO_LIBRARIES[name];
    if (known !== undefined) {
      expect("problem" in ours ? ours.problem : events === undefined ? "accepted" : "other events").toBe(known);
    } else if (events === undefined) {
      expect(ours).toHaveProperty("problem");
    } else {
      expect(ours).toEqual({ events });
    }
  });
});
