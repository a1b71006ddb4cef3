import { fields, type Support, supported } from "../unsupported-fields.ts";

/** What of a SealedSecret's `spec` is implemented. Metadata of the template is copied whole. */
export const sealedSecretSupport: Support = fields({
  encryptedData: supported,
  data: supported,
  template: fields({ type: supported, immutable: supported, metadata: supported, data: supported }),
});
