export type { KmsPorts } from "./ports.ts";
export { type AllowList, serversOf } from "./vault/allow-list.ts";
export { type KvData, type KvPlace, kvPath, kvUrl, type VaultKv, vaultKv } from "./vault/kv.ts";
export { type KubernetesLogin, kubernetesLogin } from "./vault/login.ts";
export { fixedVaultSettings, type VaultSettings } from "./vault/settings.ts";
export { type VaultLogin, vaultTransit, vaultTransitWith } from "./vault/transit.ts";
