import { notAcceptable } from "../status.ts";

/** In which form an answer is wanted. */
export interface Form {
  readonly as: "object" | "table" | "partial";
  /** Version of meta.k8s.io that table and partial metadata are wanted in. */
  readonly version: string;
  readonly yaml: boolean;
}

const AVAILABLE = ["application/json", "application/yaml", "application/json;stream=watch"];

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const MAX_RANGES = 50;

/** Splits an `Accept` header, best first. */
export function parseAccept(header: string): readonly MediaRange[] {
  return header
    .split(",", MAX_RANGES)
    .map((part) => {
      const [type = "", ...rest] = part.split(";").map((piece) => piece.trim());
      const parameters = new Map(
        rest.map((piece) => {
          const equals = piece.indexOf("=");
          return [piece.slice(0, equals), piece.slice(equals + 1)] as const;
        }),
      );
      const quality = Number(parameters.get("q") ?? 1);
      return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality };
    })
    .filter((range) => range.type !== "" && range.quality > 0)
    .sort((left, right) => right.quality - left.quality);
}

/**
 * Chooses the form of an answer. A client that prefers protobuf but also takes JSON gets JSON.
 *
 * @throws StatusError 406 when nothing of the list can be served
 */
export function negotiate(header: string): Form {
  const ranges = parseAccept(header === "" ? "*/*" : header);
  for (const { type, parameters } of ranges) {
    const json = type === "application/json" || type === "*/*" || type === "application/*";
    if (!json && type !== "application/yaml") continue;
    const yaml = !json;
    const as = parameters.get("as");
    const version = parameters.get("v") ?? "v1";
    if (as === undefined) return { as: "object", version, yaml };
    const known = parameters.get("g") === "meta.k8s.io" && (version === "v1" || version === "v1beta1");
    if (known && as === "Table") return { as: "table", version, yaml };
    if (known && (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList")) {
      return { as: "partial", version, yaml };
    }
  }
  throw notAcceptable(AVAILABLE);
}
