import type { TemplateCase } from "../../../helpers/template/cases.ts";

const CONSTRAINTS = [
  "^1.24",
  "~1.24.0",
  ">=1.24.0-0",
  "1.24.x",
  "*",
  ">1 <2 || >=3",
  "1.20 - 1.30",
  "!=1.24",
  "",
  "foo",
  "=> 1.2, 5",
];

/** Semantic versions. */
export const cases: readonly TemplateCase[] = [
  ...CONSTRAINTS.flatMap((constraint) => [
    `{{ semverCompare "${constraint}" "1.24.3" }}`,
    `{{ semverCompare "${constraint}" "v1.24.3-rc.1" }}`,
    `{{ semverCompare "${constraint}" .version }}`,
  ]),
  '{{ semverCompare "1" "nonsense" }}',
  ...["Major", "Minor", "Patch", "Prerelease", "Metadata", "Original", "String"].map(
    (method) => `{{ (semver .version).${method} }}`,
  ),
  ...["IncMajor", "IncMinor", "IncPatch"].map(
    (method) => `{{ (semver "v1.2.3").${method} }} {{ ((semver "v1.2.3").${method}).Original }}`,
  ),
  "{{ (semver .version).IncPatch }}",
  '{{ semver "1.2" }} {{ semver "v1" }} {{ (semver "v1").Original }}',
  '{{ semver "1.2.3.4" }}',
  '{{ semver "1.2.3-01" }}',
  '{{ semver "" }}',
  '{{ semver "99999999999999999999.0.0" }}',
  '{{ (semver "1.2.3").Compare (semver "1.2.4") }} {{ (semver "1.2.3").Equal (semver "1.2.3+x") }}',
  '{{ (semver "1.2.3-a.9").LessThan (semver "1.2.3-a.10") }} {{ (semver "1.2.3").GreaterThan (semver "1.2.3-z") }}',
  '{{ (semver "1.2.3").Compare "1.2.3" }}',
  '{{ (semver "1.2.3").SetPrerelease "rc.1" }} {{ (semver "1.2.3").SetMetadata "b1" }}',
  '{{ (semver "1.2.3").SetPrerelease "r_1" }}',
  '{{ typeOf (semver "1.2.3") }} {{ kindOf (semver "1.2.3") }} {{ toJson (semver "1.2.3") }}',
  '{{ printf "%s %v" (semver "1.2.3") (semver "1.2.3") }}',
  '{{ (semver "1.2.3").Nope }}',
  '{{ if semverCompare ">=1.20" "1.24.3" }}new{{ else }}old{{ end }}',
];
