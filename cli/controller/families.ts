import type { Family } from "../../controller/start.ts";

/** The kinds that `--controllers` can name, with how their code is reached. */
export const FAMILY_NAMES = ["sealedsecret", "source", "kustomization"] as const;
/**
 * What runs when nothing is said: the sealing keys share no process with foreign repositories unless somebody asks for it.
 */
export const DEFAULT_FAMILIES: readonly (typeof FAMILY_NAMES)[number][] = ["sealedsecret"];

export type FamilyName = (typeof FAMILY_NAMES)[number];

export function isFamilyName(name: string): name is FamilyName {
  return FAMILY_NAMES.some((known) => known === name);
}

/** Loads only the code of the families that are wanted. */
export function loadFamilies(
  names: readonly FamilyName[],
  loaders: Readonly<Record<FamilyName, () => Promise<Family>>>,
): Promise<Family[]> {
  return Promise.all(names.map((name) => loaders[name]()));
}
