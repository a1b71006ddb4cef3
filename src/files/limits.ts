/** Files that are worked on at the same time. */
export const PARALLEL = 16;
