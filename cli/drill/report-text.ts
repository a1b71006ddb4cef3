import type { DrillReport, SecretDifference, SecretPlace } from "../../src/keys/index.ts";
import { printJson, printSigs } from "../../src/yaml/index.ts";
import { count } from "../keys/backup.ts";
import { printable, table } from "../output.ts";

export const REPORT_FORMS = ["table", "json", "yaml", "markdown"] as const;

/** A report in one of its forms; all of them say the same, and none holds a value. */
export function reportText(report: DrillReport, form: (typeof REPORT_FORMS)[number]): string {
  switch (form) {
    case "json":
      return `${printJson(plain(report), { indent: "  ", escapeHtml: false })}\n`;
    case "yaml":
      return printSigs(plain(report));
    case "markdown":
      return markdown(report);
    case "table":
      return terminal(report);
  }
}

/** The report as data that every printer takes: without undefined fields. */
function plain(report: DrillReport): unknown {
  return JSON.parse(JSON.stringify(report));
}

/** A heading of the report with its lines, or its rows. */
interface Section {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function sectionsOf(report: DrillReport): readonly Section[] {
  const { rehearsal, comparison, repositories } = report;
  const places = (title: string, list: readonly SecretPlace[]): Section => ({
    title,
    headings: ["NAMESPACE", "NAME"],
    rows: list.map(({ namespace, name }) => [namespace, name]),
  });
  const sections: readonly Section[] = [
    { title: "Summary", headings: ["WHAT", "FOUND"], rows: summaryRows(report) },
    {
      title: "Did not come back",
      headings: ["KIND", "NAMESPACE", "NAME", "WHY"],
      rows: rehearsal.problems.map(({ kind, namespace, name, why }) => [kind, namespace, name, why]),
    },
    {
      title: "Differs from the live cluster",
      headings: ["NAMESPACE", "NAME", "HOW"],
      rows: (comparison?.differ ?? []).map((one) => [one.namespace, one.name, how(one)]),
    },
    places("Missing: in the live cluster, brought by Git there, and not in the rehearsal", comparison?.missing ?? []),
    {
      title: "Sealing keys of the live cluster that the backup lacks",
      headings: ["FINGERPRINT"],
      rows: (comparison?.missingKeys ?? []).map((key) => [key]),
    },
    {
      title: "Needed, and neither in Git nor in the backup: to be made by hand, or by something that is not rehearsed",
      headings: ["KIND", "NAMESPACE", "NAME", "ENTRY", "NEEDED BY"],
      rows: rehearsal.wanted.map(({ kind, namespace, name, item = "", by }) => [kind, namespace, name, item, by]),
    },
    {
      title: "Not rehearsed",
      headings: ["KIND", "NAMESPACE", "NAME", "WHY"],
      rows: rehearsal.notRehearsed.map(({ kind, namespace, name, why }) => [kind, namespace, name, why]),
    },
    {
      title: "Only in the live cluster, made by releases of Helm, which are not rehearsed",
      headings: ["NAMESPACE", "NAME", "RELEASE"],
      rows: (comparison?.ofReleases ?? []).map(({ namespace, name, release }) => [namespace, name, release]),
    },
    places("Only in the live cluster, and nothing claims to bring it", comparison?.onlyLive ?? []),
    places("Only in the rehearsal", comparison?.onlyRehearsed ?? []),
    {
      title: "Kinds that the repository does not define: their objects were taken, and nothing was made of them",
      headings: ["KIND"],
      rows: rehearsal.standInKinds.map((kind) => [kind]),
    },
    {
      title: "Left out of the repositories",
      headings: ["REPOSITORY", "PATH", "WHY"],
      rows: repositories.flatMap(({ folder, leftOut }) => leftOut.map(({ path, why }) => [folder, path, why])),
    },
    {
      title: "Sealing keys",
      headings: ["FINGERPRINT", "USED"],
      rows: [
        ...rehearsal.usedKeys.map((key) => [key, "yes"]),
        ...rehearsal.unusedKeys.map((key) => [key, "no: nothing of the rehearsal needs it"]),
      ],
    },
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

function summaryRows(report: DrillReport): readonly (readonly string[])[] {
  const { backup, repositories, rehearsal, comparison } = report;
  const { manifest } = backup;
  return [
    ["Result", report.result],
    ["Started", `${report.started}, took ${(report.durationMs / 1000).toFixed(1)} s, with ${report.by}`],
    ["Backup", `${backup.file}, sha256 ${backup.sha256}${backup.expected ? ", which was expected" : ""}`],
    ...(backup.record === undefined ? [] : [["Backup known", backup.record]]),
    ["Backup made", manifest === undefined ? "unknown: not by sealkit" : madeBy(manifest)],
    [
      "Backup holds",
      [
        count(backup.sealingKeys, "sealing key"),
        count(backup.otherSecrets, "other Secret"),
        count(backup.sealedSecrets, "SealedSecret"),
      ].join(", "),
    ],
    ...repositories.map(({ folder, commit, files }) => [
      "Repository",
      `${folder}, ${commit === undefined ? "no commit: the files as they are" : `commit ${commit}`}, ${count(files, "file")}`,
    ]),
    ["Synced", repositories.flatMap(({ paths }) => paths).join(", ")],
    ["Restored", `${count(rehearsal.restored, "object")} of the backup`],
    ["Kustomizations", String(rehearsal.kustomizations)],
    ["SealedSecrets", String(rehearsal.sealedSecrets)],
    ["Secrets", `${rehearsal.secrets} with ${count(rehearsal.values, "value")}`],
    ["Key services", rehearsal.asksKeyServices ? "could be asked: the backup holds none of their keys" : "not asked"],
    ["Did not come back", String(rehearsal.problems.length)],
    ["Not rehearsed", String(rehearsal.notRehearsed.length)],
    ["Needed, not there", String(rehearsal.wanted.length)],
    ...(comparison === undefined
      ? [["Live cluster", "not looked at"]]
      : [
          ["Live cluster", comparison.cluster === "" ? "without a name" : comparison.cluster],
          ["Equal", String(comparison.equal)],
          ["Differ", String(comparison.differ.length)],
          ["Missing", String(comparison.missing.length)],
          ["Live only", String(comparison.onlyLive.length + comparison.ofReleases.length)],
        ]),
  ];
}

function madeBy({ created, writtenBy, cluster, controller }: NonNullable<DrillReport["backup"]["manifest"]>): string {
  const more = [
    writtenBy === undefined ? "" : `by ${writtenBy}`,
    cluster ? `of cluster ${cluster}` : "",
    controller ? `with controller ${controller}` : "",
  ].filter((part) => part !== "");
  return [created, ...more].join(" ");
}

function how({ changed, onlyLive, onlyRehearsed, type }: SecretDifference): string {
  const parts = [
    changed.length === 0 ? "" : `other values: ${changed.join(", ")}`,
    onlyLive.length === 0 ? "" : `only live: ${onlyLive.join(", ")}`,
    onlyRehearsed.length === 0 ? "" : `only rehearsed: ${onlyRehearsed.join(", ")}`,
    type ? "another type" : "",
  ];
  return parts.filter((part) => part !== "").join("; ");
}

function terminal(report: DrillReport): string {
  return sectionsOf(report)
    .map(({ title, headings, rows }, at) => (at === 0 ? table(headings, rows) : `\n${title}\n${table(headings, rows)}`))
    .join("");
}

function markdown(report: DrillReport): string {
  const sections = sectionsOf(report).map(({ title, headings, rows }) =>
    [
      `## ${title}`,
      "",
      `| ${headings.map((word) => word.toLowerCase()).join(" | ")} |`,
      `|${" --- |".repeat(headings.length)}`,
      ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
    ].join("\n"),
  );
  return `# Recovery drill: ${report.result}\n\n${sections.join("\n\n")}\n`;
}

/** A text from elsewhere as the content of one cell: no markup, one line. */
function cell(text: string): string {
  const one = printable(text).replace(/\s+/g, " ");
  return one.replace(/[\\`*_{}[\]<>|#!~$@]/g, (sign) => `\\${sign}`);
}
