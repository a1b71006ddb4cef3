const LAST_FLAGS = `  -i, --in-place             Write the result into the file itself, in one step
      --shamir-secret-sharing-threshold N
                             How many groups it takes to decrypt from now on
      --strict               Refuse what the original lets pass with a warning
  -h, --help                 Show this page
`;

export const GROUPS_HELP = `Change the key groups of a file: the data key is shared among them, and some or all are needed to decrypt.

Usage: sealkit sops groups add [flags] -f FILE
       sealkit sops groups delete [flags] -f FILE INDEX

Commands:
  add         Give a file one more group of keys
  delete      Take a group of keys from a file
`;

export const GROUPS_ADD_HELP = `Give a file one more group of keys. Values, MAC and time stay as they are.

Usage: sealkit sops groups add [flags] -f FILE

Examples:
  # From now on it takes somebody of each group
  sealkit sops groups add -i -f values.yaml --age age1abc… --age age1def…

Flags:
  -f, --file FILE            The file
      --age RECIPIENT        Age recipients of the group, with commas or several times
      --pgp FINGERPRINT, --kms ARN, --gcp-kms ID, --azure-kv URL, --hc-vault-transit URL, --hckms ID
                             Keys of other services, likewise
      --encryption-context C, --aws-profile P
                             For the keys of --kms
${LAST_FLAGS}`;

export const GROUPS_DELETE_HELP = `Take a group of keys from a file. Groups are counted from 0.

Usage: sealkit sops groups delete [flags] -f FILE INDEX

Examples:
  sealkit sops groups delete -i -f values.yaml 2

Who had enough groups still has the data key: follow with sealkit sops rotate -i FILE.

Flags:
  -f, --file FILE            The file
${LAST_FLAGS}`;

export const CONFIG_HELP = `Look for mistakes in .sops.yaml that the original reads past.

Usage: sealkit sops config check [flags]

Examples:
  # The nearest .sops.yaml, as encrypt would find it
  sealkit sops config check

  # In a pipeline: warnings fail too
  sealkit sops config check --strict --format json

Tells of fields that nobody reads, rules that never come into play, patterns that RE2 refuses or that match no file below the
configuration's folder, keys that cannot be, selectors and thresholds that do not go together. Exit code 1 for errors, 0
when there are only warnings.

Flags:
      --config FILE          Check this file (SOPS_CONFIG)
      --format text|json     How findings are printed (default text)
      --strict               Exit code 1 for warnings too
  -h, --help                 Show this page
`;
