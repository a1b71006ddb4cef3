export type {
  ClearTextLedger,
  ClearTextPlace,
  DecryptingTree,
  DecryptionKeys,
  DecryptionOptions,
} from "./decryption.ts";
