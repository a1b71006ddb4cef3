import { fields, only, type Support, supported } from "../unsupported-fields.ts";

/**
 * What of a GitRepository's `spec` is implemented. `verify` left out silently would take unsigned commits for verified;
 * `proxySecretRef` would go around a proxy; the others would change what the artifact holds.
 */
export const gitRepositorySupport: Support = fields({
  url: supported,
  secretRef: supported,
  provider: only("generic"),
  interval: supported,
  timeout: supported,
  ref: supported,
  ignore: supported,
  suspend: supported,
});
