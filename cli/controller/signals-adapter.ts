/**
 * Calls `renew` on SIGUSR1 until the result is called. With a listener Node also no longer opens its debugger on that
 * signal, which in a process that holds private keys nobody wants.
 */
export function onRenewSignal(renew: () => void): () => void {
  process.on("SIGUSR1", renew);
  return () => process.off("SIGUSR1", renew);
}

/** A name for this process that no other has: host and process number. */
export function processIdentity(env: Readonly<Record<string, string | undefined>>): string {
  return `${env["POD_NAME"] ?? env["HOSTNAME"] ?? "local"}_${process.pid}_${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
}
