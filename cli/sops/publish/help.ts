export const PUBLISH_HELP = `Put encrypted files into a bucket or a Vault, where the destination rules of .sops.yaml say.

Usage: sealkit sops publish [flags] FILE

Examples:
  # Asks first
  sealkit sops publish prod/db.yaml

  # All files below a folder, without questions
  sealkit sops publish -y --recursive prod

S3 and Google Cloud Storage get the file as it is, or encrypted anew for the keys of recreation_rule; a Vault gets its data in
clear, over its own protected connection. Credentials are those of the environment.

Flags:
  -y, --yes                  Do not ask
      --recursive            Publish all files below a folder
      --omit-extensions      Leave out the last ending of the names
      --decryption-order T   Kinds of keys in the order in which they are tried
      --keyservice ADDRESS   Ask this key service too: tcp://host:port or unix:///path; repeatable (SOPS_KEYSERVICE)
      --enable-local-keyservice=false
                             Do not use the keys of this machine
      --strict               Refuse what the original lets pass with a warning
  -h, --help                 Show this page
`;
