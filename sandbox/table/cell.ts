/** What one field of a table row can hold. */
export type Cell = string | number | boolean | null;
