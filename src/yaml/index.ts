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
