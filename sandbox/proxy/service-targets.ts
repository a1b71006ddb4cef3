import { SandboxError } from "../errors.ts";

/** A request that arrived through the service proxy. */
export interface ProxyRequest {
  readonly method: string;
  /** Path and query as the service sees them, beginning with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Where a Service leads to: a function in this process, or a port of this machine's loopback. */
export type ServiceTarget = ((request: ProxyRequest) => Promise<ProxyAnswer>) | { readonly loopbackPort: number };

export interface ServiceRegistration {
  readonly namespace: string;
  readonly name: string;
  /** The Service's port: number, name, or absent for any. */
  readonly port?: number | string;
  readonly target: ServiceTarget;
}

/** What stands behind Services, because nothing in the sandbox runs pods. */
export class ServiceTargets {
  readonly #targets = new Map<string, ServiceTarget>();

  /** @throws SandboxError SANDBOX_SERVICE_TARGET when the port cannot be one */
  register({ namespace, name, port, target }: ServiceRegistration): void {
    if (typeof target !== "function" && !(target.loopbackPort > 0 && target.loopbackPort < 65_536)) {
      throw new SandboxError(
        "SANDBOX_SERVICE_TARGET",
        `Cannot put port ${target.loopbackPort} behind Service ${namespace}/${name}: not a port number`,
        { hints: ["use a number from 1 to 65535 of something that listens on 127.0.0.1"] },
      );
    }
    this.#targets.set(`${namespace}/${name}/${port ?? ""}`, target);
  }

  find(namespace: string, name: string, port: string): ServiceTarget | undefined {
    return this.#targets.get(`${namespace}/${name}/${port}`) ?? this.#targets.get(`${namespace}/${name}/`);
  }
}
