import type { Replacement } from "./replace-files.ts";

/**
 * Makes new contents and puts them in their places together, or takes them back: when `make` fails, and when it says
 * that it is to be so. Without a replacement they are only made.
 *
 * @throws what `make` throws; {FilesError} of the replacement.
 */
export async function commitOrAbandon<Result>(
  replacement: Replacement | undefined,
  make: () => Promise<{ readonly result: Result; readonly isRefused: boolean }>,
): Promise<Result> {
  const { result, isRefused } = await make().catch(async (error: unknown) => {
    await replacement?.abandon();
    throw error;
  });
  await (isRefused ? replacement?.abandon() : replacement?.commit());
  return result;
}
