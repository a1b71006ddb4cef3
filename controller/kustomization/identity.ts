import type { KubeClient } from "../../src/kube/index.ts";
import { stalled } from "./halt.ts";

/** A DNS subdomain, as names of ServiceAccounts are: nothing that could name another user. */
const ACCOUNT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * The client in whose name an object's manifests are applied: the ServiceAccount that it names, or the default one, in
 * its own namespace; the controller itself only when there is neither.
 */
export function clientFor(
  client: KubeClient,
  account: { readonly namespace: string; readonly name: string | undefined },
): KubeClient {
  if (account.name === undefined) return client;
  if (!isAccountName(account.name) || account.namespace === "") {
    throw stalled(
      "AccessDenied",
      `Cannot impersonate ${JSON.stringify(account.name.slice(0, 100))}: it is no name of a ServiceAccount`,
    );
  }
  return client.impersonate(`system:serviceaccount:${account.namespace}:${account.name}`);
}

/** Whether a text can be the name of a ServiceAccount. */
export function isAccountName(name: string): boolean {
  return ACCOUNT_NAME.test(name);
}
