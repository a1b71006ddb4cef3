export { type EditOptions, editManifests, type TextChange } from "./edit/edit.ts";
export { type ReplaceOptions, replaceDocuments } from "./edit/replace-documents.ts";
export type { Place, YamlErrorCode, YamlErrorContext, YamlWarning } from "./errors.ts";
export { YamlError } from "./errors.ts";
export { formatGoFloat, formatJsonNumber, formatYamlFloat } from "./go-number.ts";
export type { JsonMember, JsonNode, JsonReadOptions, ParsedJson } from "./json-reader.ts";
export { jsonValue, parseJson, parseJsonStream } from "./json-reader.ts";
export { compareKeys } from "./key-order.ts";
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
export type { PrintJsonOptions } from "./print/json.ts";
export { compareBytes, JsonNumberText, printJson } from "./print/json.ts";
export { printSigs } from "./print/sigs.ts";
export type { PrintableDocument, PrintV3Options } from "./print/v3.ts";
export { printV3, printV3Node } from "./print/v3.ts";
export type { CoreTag, Flavor, Resolved } from "./resolve.ts";
export { isOldBoolean, resolveTagged, resolveText } from "./resolve.ts";
export { spliceScalar } from "./splice.ts";
export type { DocumentText } from "./split-documents.ts";
export { splitDocuments } from "./split-documents.ts";
export type { Timestamp } from "./timestamp.ts";
export { formatTimestamp, parseTimestamp } from "./timestamp.ts";
export {
  booleanNode,
  floatNode,
  integerNode,
  mappingNode,
  nullNode,
  sequenceNode,
  stringNode,
  timestampNode,
} from "./value-node.ts";
export type { YamlValue } from "./yaml-value.ts";
