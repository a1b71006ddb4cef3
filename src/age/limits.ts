/** Bounds on what is read from others. Those of the header are the ones of age 1.3.2. */
export const LIMITS = {
  headerBytes: 2 * 1024 * 1024,
  stanzas: 1024,
  stanzaArguments: 128,
  /** White space before and after armor. */
  armorMarginBytes: 1024,
  recipientsFileBytes: 16 * 1024 * 1024,
  recipientLineBytes: 8 * 1024,
  identitiesFileBytes: 16 * 1024 * 1024,
  /** A private key of SSH. */
  sshKeyBytes: 16 * 1024,
  /** Work behind the passphrase of an SSH key; ssh-keygen makes 16 or 24, and 16 take about a second. */
  sshKeyRounds: 1024,
  /** Reading a file with work factor 22 takes 4 GiB and about 15 s; more is refused before anything is allocated. */
  scryptLogN: 22,
  /** What a plugin may say in one conversation. A line is as long as the stanza of a post-quantum recipient, and more. */
  pluginBytes: 4 * 1024 * 1024,
  pluginLineBytes: 64 * 1024,
  pluginStanzas: 4096,
  /** A plugin may wait for a person with a device in the hand, but not for ever. */
  pluginSilenceMs: 10 * 60_000,
} as const;
