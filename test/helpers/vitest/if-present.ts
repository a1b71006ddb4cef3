/** Whether what these tests need may be missing: they were started with `--if-present`, and are skipped then. */
export const mayBeMissing: boolean = process.env["SEALKIT_IF_PRESENT"] === "1";
