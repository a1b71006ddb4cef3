import type { AwsCredentials } from "../sigv4.ts";

/** Credentials with their end and their origin. */
export interface FoundCredentials extends AwsCredentials {
  /** When they stop to hold; undefined when they hold until somebody withdraws them. */
  readonly expires?: Date | undefined;
  /** As people know the place: `AWS_ACCESS_KEY_ID`, `profile "prod" (~/.aws/config)`. Never a secret. */
  readonly where: string;
}

/**
 * What came of looking in one place. `absent` means that nothing was set up there, and the next place is asked. `broken`
 * means that it was, and does not work: that ends the search, because going on would act as somebody else than was meant.
 */
export type Lookup =
  | { readonly kind: "found"; readonly credentials: FoundCredentials }
  | { readonly kind: "absent"; readonly where: string; readonly problem: string }
  | ({ readonly kind: "broken" } & Broken);

export interface Broken {
  readonly where: string;
  /** One clause: `there is no such profile`. Never a secret. */
  readonly problem: string;
  /** What the original prints in this case, where it is known. */
  readonly original?: string | undefined;
  readonly hint?: string | undefined;
}

export function found(credentials: FoundCredentials): Lookup {
  return { kind: "found", credentials };
}

export function absent(where: string, problem: string): Lookup {
  return { kind: "absent", where, problem };
}

export function broken(
  where: string,
  problem: string,
  more: { readonly original?: string; readonly hint?: string } = {},
): Lookup {
  return { kind: "broken", where, problem, ...more };
}
