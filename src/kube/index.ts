export type {
  ApiResource,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  PatchOptions,
  RawRequest,
  RawResponse,
  WatchEvent,
  WriteOptions,
} from "./port.ts";
