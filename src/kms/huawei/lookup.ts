import type { HuaweiCredentials } from "./sign.ts";

/** Credentials with their end, their project and their origin. */
export interface FoundHuawei extends HuaweiCredentials {
  readonly expires?: Date | undefined;
  /** The project whose keys are meant, where the place of the credentials names it. */
  readonly projectId?: string | undefined;
  /** The address of the identity service, where the place of the credentials names it. */
  readonly iamEndpoint?: string | undefined;
  /** As people know the place. Never a secret. */
  readonly where: string;
}

/** A place without credentials, and why: one clause, never a secret. */
export interface Problem {
  readonly where: string;
  readonly problem: string;
  /** Something was set up there and does not work: no other place is asked. */
  readonly isFinal?: boolean;
}
