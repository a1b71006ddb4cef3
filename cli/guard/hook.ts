/** The hooks that the guard can be. */
export const HOOKS = ["pre-commit", "pre-merge-commit", "pre-receive", "update"] as const;
export type Hook = (typeof HOOKS)[number];

/** Whether the hook runs where commits arrive, and not where they are made. */
export function isServerHook(hook: Hook): boolean {
  return hook === "pre-receive" || hook === "update";
}
