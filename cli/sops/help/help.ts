import { MANY_HELP } from "./many-help.ts";

export const ROOT_HELP = `Encrypt and decrypt YAML, JSON, dotenv, INI and other files as SOPS does: keys readable, values not.

Usage: sealkit sops COMMAND [flags] FILE
       sealkit sops [-e|-d|-r|--set CHANGE] [flags] FILE

Examples:
  # Encrypt a file for a recipient, in place
  sealkit sops encrypt --age age1… -i values.yaml

  # Encrypt by the rules of .sops.yaml
  sealkit sops encrypt secret.yaml > secret.enc.yaml

  # Show one value
  sealkit sops decrypt --extract '["db"]["password"]' values.yaml

Commands:
  encrypt     Encrypt a file
  decrypt     Decrypt a file and check that nobody changed it
  edit        Edit an encrypted file in an editor, or begin a new one
  rotate      Give a file a new data key, and change its recipients
  updatekeys  Give files the recipients of their creation rule
  groups      Change the key groups of a file
  set         Put a value into an encrypted file
  unset       Remove a value from an encrypted file
  exec-env    Run a command with the values of a file as variables
  exec-file   Run a command with a file in clear
  filestatus  Say whether a file is encrypted
  config check
              Look for mistakes in .sops.yaml
  completion  Print the script that completes sops in your shell
  publish     Put encrypted files into a bucket or a Vault
  keyservice  Let others use the keys of this machine
  diff        Show what differs between two files, without clear text
  textconv    Show a file as git is to show it in differences
  merge       Merge three versions of a file, encrypted as they are

Flags before a command:
  --config FILE           Use this configuration instead of the nearest .sops.yaml (SOPS_CONFIG)
  --indent N              Columns of one level in the result
  --mac-only-encrypted    Leave clear values out of the MAC
  --strict                Refuse what the original lets pass with a warning
  -v, --version           Print the version of the original that this follows
  -h, --help              Show this page
`;

const FILE_FLAGS = `  -i, --in-place             Write the result into the file itself, in one step
      --output FILE          Write the result there
      --input-type TYPE      yaml, json, dotenv, ini or binary, instead of by the file's name
      --output-type TYPE     yaml, json, dotenv, ini or binary, instead of by the file's name
      --filename-override F  Take this name for rules and types; needed to encrypt standard input
      --keyservice ADDRESS   Ask this key service too: tcp://host:port or unix:///path; repeatable (SOPS_KEYSERVICE)
      --enable-local-keyservice=false
                             Do not use the keys of this machine
      --preserve             Keep blank lines, comments, quotes and indentation, where sops prints them anew
      --strict               Refuse what the original lets pass with a warning
  -h, --help                 Show this page
`;

export const ENCRYPT_HELP = `Encrypt a file: its keys stay readable, its values do not.

Usage: sealkit sops encrypt [flags] [FILE]

Examples:
  # For two recipients, in place
  sealkit sops encrypt --age age1abc…,age1def… -i values.yaml

  # Only the values of a Kubernetes Secret
  sealkit sops encrypt --age age1… --encrypted-regex '^(data|stringData)$' secret.yaml

  # From a pipe
  kubectl get secret db -o yaml | sealkit sops encrypt --age age1… --filename-override db.yaml

Without keys given they come from the first creation rule of the nearest .sops.yaml that matches the file.

Keys, several with commas:
  -a, --age RECIPIENTS       Age recipients (SOPS_AGE_RECIPIENTS)
  -k, --kms ARNS             AWS KMS keys: ARN, or ARN+ROLE (SOPS_KMS_ARN)
      --aws-profile NAME     The AWS profile that uses them
      --encryption-context C The context that AWS binds them to: name:value,name:value
      --gcp-kms IDS          Google Cloud KMS keys (SOPS_GCP_KMS_IDS)
      --hckms IDS            Huawei Cloud KMS keys: region:uuid (SOPS_HUAWEICLOUD_KMS_IDS)
      --azure-kv URLS        Azure Key Vault keys (SOPS_AZURE_KEYVAULT_URLS)
      --hc-vault-transit URIS
                             Vault transit keys (SOPS_VAULT_URIS)
  -p, --pgp FINGERPRINTS     PGP keys (SOPS_PGP_FP)
      --shamir-secret-sharing-threshold N
                             How many of the rule's key_groups it takes to decrypt, instead of its shamir_threshold

What is encrypted (one of them; all but keys that end in _unencrypted by default):
      --encrypted-regex P    Only values under keys that match this RE2 pattern
      --unencrypted-regex P  All but those
      --encrypted-suffix S   Only values under keys with this ending
      --unencrypted-suffix S All but those

Flags:
${FILE_FLAGS}${MANY_HELP.changing}`;

export const DECRYPT_HELP = `Decrypt a file and check that nobody changed it.

Usage: sealkit sops decrypt [flags] [FILE]

Examples:
  # To the terminal
  sealkit sops decrypt values.yaml

  # One value, without a line end
  sealkit sops decrypt --extract '["db"]["password"]' values.yaml

  # As JSON
  sealkit sops decrypt --output-type json values.yaml | jq .db

Identities of age are taken from SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, ~/.config/sops/age/keys.txt, and
SSH keys from SOPS_AGE_SSH_PRIVATE_KEY_FILE, SOPS_AGE_SSH_PRIVATE_KEY_CMD, ~/.ssh/id_ed25519 and ~/.ssh/id_rsa. PGP is up
to gpg; AWS, Google Cloud, Azure, Huawei Cloud and Vault take the credentials that their own tools take.

Flags:
      --extract PATH         Only the value at this path
      --ignore-mac           Show the file although its MAC does not fit
      --decryption-order T   Kinds of keys in the order in which they are tried
${FILE_FLAGS}${MANY_HELP.decrypting}`;
