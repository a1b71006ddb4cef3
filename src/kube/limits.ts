/** Bounds on what a server may make us hold in memory. */
export const limits = {
  /** One answer. A page of 500 objects of the largest size that etcd takes would be 750 MB; pages halve on refusal. */
  maxBodyBytes: 256 * 1024 * 1024,
  /** One line of a watch: one object. */
  maxLineBytes: 32 * 1024 * 1024,
  /** Objects per page of a list. */
  pageSize: 500,
  /** Pages of one list; beyond it the server is going in circles. */
  maxPages: 10_000,
} as const;
