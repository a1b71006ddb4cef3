/** `reason` of the condition `Synced` while it is False. A list for programs: words stay, new ones may come. */
export const REASONS = {
  /** No key opens an item. Waits for a key. */
  noKeyFits: "NoKeyFits",
  /** An item is damaged, or the object contradicts itself. Only a change of the object helps. */
  unusable: "Unusable",
  /** A template of `spec.template.data` fails. Only a change of the object helps, or less load if it took too long. */
  templateFailed: "TemplateFailed",
  /** A field that is not implemented is used. Only a change of the object helps. */
  notSupported: "NotSupported",
  /** A Secret of somebody else has the name. Waits for it to go or to be annotated. */
  notManaged: "NotManaged",
  /** The Secret is immutable and would have to change. Waits for somebody to delete it. */
  immutable: "SecretImmutable",
  /** The Secret has another type, which the API never changes. Waits for somebody to delete it. */
  typeFixed: "SecretTypeFixed",
  /** The API refused the Secret: quota, policy, rights, validation. Tried again with growing pauses. */
  refused: "SecretRefused",
  /** The API did not answer, or answered that it cannot now. Tried again with growing pauses. */
  unavailable: "ApiUnavailable",
} as const;
