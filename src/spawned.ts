/** Why the system does not start a program: `code` is its word for it, such as `E2BIG`. */
export type NotSpawned = Error & { readonly code: string };

/**
 * What `spawn` of `node:child_process` gives. Of some refusals (`ENOENT`, `EACCES`) it tells by an event, others it throws:
 * too long arguments or variables (`E2BIG`), a file where a folder is wanted (`ENOTDIR`). Those come back as a value.
 */
export function spawned<Child extends object>(spawn: () => Child): Child | NotSpawned {
  try {
    return spawn();
  } catch (cause) {
    if (isNotSpawned(cause)) return cause;
    throw cause;
  }
}

function isNotSpawned(cause: unknown): cause is NotSpawned {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string";
}
