import { YamlError } from "../yaml/index.ts";
import { embeddedValuesLeaks, isValuesFile, valuesLeaks } from "./chart-values.ts";
import { keyLeaks } from "./key-material.ts";
import type { Leak } from "./leak.ts";
import { generatorLeaks, kubeconfigLeaks, secretLeaks } from "./secret-objects.ts";
import { templateLeaks } from "./template-text.ts";
import { readTrees, type Tree } from "./tree.ts";

const MANIFEST = /\.(ya?ml|json|tpl)$/i;
/** Names under which kubeconfigs are kept without an ending. */
const KUBECONFIG = /(^|[/._-])(kube)?config$|\.kubeconfig$/i;
/** Words without which a file needs no closer look. */
const OF_KEYS = /PRIVATE KEY|AGE-SECRET-KEY-/;
const OF_OBJECTS = /(?<![A-Za-z])Secret(?![A-Za-z])|secretGenerator|HelmRelease|valuesObject/;
const OF_KUBECONFIG = /client-key-data|\busers\b/;
/** Behind so many bytes a NUL says no more that a file is binary. */
const PROBED = 8_000;

/** A file whose content is looked at. */
export interface FileContent {
  /** With `/`. Its name decides what the content may mean. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Clear text in a file, in the order of its lines. Never throws for what a file holds: what no reader of YAML takes is
 * looked at line by line.
 */
export function findLeaks({ path, bytes }: FileContent): readonly Leak[] {
  const text = textOf(bytes);
  if (text === undefined) return [];
  const ofKeys = OF_KEYS.test(text) ? keyLeaks(text) : [];
  const isValues = isValuesFile(path);
  const isManifest = MANIFEST.test(path);
  const mayHold = (isManifest && OF_OBJECTS.test(text)) || (isManifest && isValues);
  const mayConnect = (isManifest || KUBECONFIG.test(path)) && OF_KUBECONFIG.test(text);
  const ofObjects = mayHold || mayConnect ? manifestLeaks(bytes, text, isValues) : [];
  return [...ofKeys, ...ofObjects].sort((a, b) => a.line - b.line);
}

/** The text of a file, byte for byte where it is not UTF-16; undefined for a binary one. */
function textOf(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, second] = buffer;
  if (first === 0xff && second === 0xfe) return buffer.toString("utf16le");
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(buffer);
  return buffer.subarray(0, PROBED).includes(0) ? undefined : buffer.toString("latin1");
}

function manifestLeaks(bytes: Uint8Array, text: string, isValues: boolean): readonly Leak[] {
  const trees = treesOf(bytes);
  if (trees === undefined) return templateLeaks(text);
  return trees.flatMap((tree) => [
    ...secretLeaks(tree),
    ...generatorLeaks(tree),
    ...kubeconfigLeaks(tree),
    ...(isValues ? valuesLeaks(tree) : embeddedValuesLeaks(tree)),
  ]);
}

function treesOf(bytes: Uint8Array): readonly Tree[] | undefined {
  try {
    return readTrees(bytes);
  } catch (error) {
    if (error instanceof YamlError) return undefined;
    throw error;
  }
}
