import type { CarriedError } from "./carried-error.ts";

/** What a thread is told. `never` stands for values whose type only the two ends know. */
export type ToThread =
  | { readonly kind: "set up"; readonly value: never }
  | { readonly kind: "job"; readonly name: string; readonly request: never }
  | { readonly kind: "end" };

/** What a thread says: for each job one of these, in the order of the jobs. */
export type FromThread =
  | { readonly kind: "answer"; readonly answer: never }
  | { readonly kind: "failed"; readonly error: CarriedError };
