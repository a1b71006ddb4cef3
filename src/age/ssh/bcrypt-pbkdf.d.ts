/** The one function of the package that is used; it comes without types. */
declare module "bcrypt-pbkdf" {
  /** Writes `keyLength` bytes to `key`; anything but 0 says that a length or the rounds are out of range. */
  export function pbkdf(
    passphrase: Uint8Array,
    passphraseLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}
