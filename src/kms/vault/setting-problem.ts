/** A variable that cannot be used: its name, why, and what the original says where it says something. */
export interface SettingProblem {
  readonly variable: string;
  readonly state: string;
  readonly original: string;
}

export function problem(variable: string, state: string, original: string): SettingProblem {
  return { variable, state, original };
}

/** A setting that the original refuses before it makes a client. */
export function refused(variable: string, state: string, reason: string): SettingProblem {
  const original = `cannot create Vault client: error encountered setting up default configuration: ${reason || state}`;
  return { variable, state, original };
}
