import type { LoadedSource } from "./age-identities.ts";

/**
 * What the original adds to its reason why no identity opens a file: what it could not read, and where it found nothing.
 * Empty for sources that it does not know.
 *
 * Source: runs of sops 3.13.3.
 */
export function identityReport(sources: readonly LoadedSource[]): string {
  const errors = errorsOf(sources);
  const places = placesOf(sources);
  const many = places.length === 1 ? "location" : "locations";
  return [
    ...(errors.length === 0 ? [] : [`. Errors while loading age identities: ${errors.join("; ")}`]),
    ...(places.length === 0 ? [] : [`. Did not find keys in ${many} ${listed(places)}.`]),
  ].join("");
}

/** Texts that are no identities come last: the original reads all places before it parses any. */
function errorsOf(sources: readonly LoadedSource[]): string[] {
  const unreadable = sources.map(({ original }) => [original?.location, original?.unreadable] as const);
  const malformed = sources.map(({ original, malformed: reason }) => {
    return [original?.location, reason === undefined ? undefined : original?.malformed(reason)] as const;
  });
  // A command that was asked for several recipients fails for the same reason each time.
  const known = new Set<string>();
  return [...unreadable, ...malformed].flatMap(([location = "", error]) => {
    const id = `${location}\n${error}`;
    if (error === undefined || known.has(id)) return [];
    known.add(id);
    return [error];
  });
}

function placesOf(sources: readonly LoadedSource[]): string[] {
  const hasText = sources.some(
    ({ identities, isEmpty, isSshKey, malformed }) =>
      identities.length > 0 || isEmpty || (malformed !== undefined && !isSshKey),
  );
  const unset = sources.filter(({ isUnset, original }) => isUnset && !(hasText && original?.isDefaultFile === true));
  const empty = sources.filter(({ isEmpty }) => isEmpty);
  return [
    ...new Set([...unset, ...empty].flatMap(({ original }) => (original === undefined ? [] : [original.location]))),
  ];
}

function listed(places: readonly string[]): string {
  const quoted = places.map((place) => `'${place}'`);
  const last = quoted.at(-1) ?? "";
  if (quoted.length < 3) return quoted.join(" and ");
  return `${quoted.slice(0, -1).join(", ")}, and ${last}`;
}
