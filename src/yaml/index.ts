export type { Place, YamlErrorCode, YamlErrorContext, YamlWarning } from "./errors.ts";
export { YamlError } from "./errors.ts";
export { formatGoFloat, formatJsonNumber, formatYamlFloat } from "./go-number.ts";
export type { JsonMember, JsonNode, JsonReadOptions, ParsedJson } from "./json-reader.ts";
export { jsonValue, parseJson, parseJsonStream } from "./json-reader.ts";
export type { ValueOptions, YamlValue } from "./kubernetes-value.ts";
export { kubernetesValue } from "./kubernetes-value.ts";
export type { YamlLimits } from "./limits.ts";
export { YAML_LIMITS } from "./limits.ts";
export type { Manifest, ManifestOptions, Manifests } from "./manifests.ts";
export { readManifests } from "./manifests.ts";
export type {
  AliasNode,
  Comments,
  Entry,
  MappingNode,
  Position,
  ScalarNode,
  SequenceNode,
  Style,
  YamlDocument,
  YamlNode,
} from "./node.ts";
export type { ParsedYaml, ParseOptions } from "./parse.ts";
export { parseYaml } from "./parse.ts";
export type { CoreTag, Flavor, Resolved } from "./resolve.ts";
export { isOldBoolean, resolveTagged, resolveText } from "./resolve.ts";
export type { DocumentText } from "./split-documents.ts";
export { splitDocuments } from "./split-documents.ts";
export type { Timestamp } from "./timestamp.ts";
export { formatTimestamp, parseTimestamp } from "./timestamp.ts";
