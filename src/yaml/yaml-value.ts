/**
 * A value as Kubernetes tools read it. Integers beyond 2^53 are BigInt (print them with `printJson`, which is exact;
 * `JSON.stringify` refuses them).
 */
export type YamlValue = string | number | bigint | boolean | null | YamlValue[] | { [key: string]: YamlValue };

/** Sets an own property, also for the one name that would set the prototype. */
export function setOwn(object: { [key: string]: YamlValue }, key: string, value: YamlValue): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
