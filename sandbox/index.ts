export { SandboxError, type SandboxErrorCode } from "./errors.ts";
export type { Endpoint } from "./kubeconfig.ts";
export type { SandboxLimits } from "./limits.ts";
export type { ProxyAnswer, ProxyRequest, ServiceRegistration, ServiceTarget } from "./proxy/service-targets.ts";
export { type Sandbox, type SandboxOptions, startSandbox } from "./start.ts";
export type { StorageStats } from "./storage/store.ts";
