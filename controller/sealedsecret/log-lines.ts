import type { LogLines } from "../controller.ts";

/** The lines of sealed-secrets 0.40 that people search logs for. */
export const originalLogLines: LogLines = {
  begins: (log, key) => log.info("Updating", { key }),
  unchanged: (log, key) => log.info("update suppressed, no changes in spec", { "sealed-secret": key }),
  failed: (log, key, { error, retries }) =>
    log.error(retries ? "Error updating, will retry" : "Error updating, giving up", { key, error }),
};
