import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They wait for servers and programs: begun last, one of them would run on alone. */
const LONGEST = [
  "test/unit/controller/sync/sandbox.test.ts",
  "test/unit/cli/preview/preview.test.ts",
  "test/docs/commands.test.ts",
  "test/unit/git/remote.test.ts",
  "test/unit/cli/drill/drill.test.ts",
  "test/unit/sources/artifact.test.ts",
  "test/unit/age/vectors.test.ts",
  "test/canary/controllers.test.ts",
  "test/unit/controller/sealedsecret/sandbox.test.ts",
  "test/unit/sops/cases.test.ts",
  "test/unit/cli/keys/one-cluster.test.ts",
  "test/docs/shell-blocks.test.ts",
  "test/unit/cli/rotate/commit.test.ts",
];

/** The longest files first, also in a fresh clone, where no earlier run has left its times. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
