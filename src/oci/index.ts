export { type DockerConfig, loginFor } from "./docker-config.ts";
export { OciError, type OciErrorCode } from "./errors.ts";
export type { CredentialHelper, OciPorts, OciResponse, RegistryLogin } from "./ports.ts";
export { type OciReference, parseReference, referenceText } from "./reference.ts";
export { pullFile, pushFile, type RegistryOptions } from "./registry.ts";
