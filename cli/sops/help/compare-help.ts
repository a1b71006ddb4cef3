const KEY_FLAGS = `      --input-type TYPE      The format of the file, instead of by its name
      --decryption-order T   Kinds of keys in the order in which they are tried
      --strict               Refuse what the original lets pass with a warning
  -h, --help                 Show this page
`;

export const DIFF_HELP = `Show what differs between two encrypted files: paths, types, recipients. No clear text unless it is asked for.

Usage: sealkit sops diff [flags] A B

Examples:
  sealkit sops diff staging.yaml production.yaml

  # Against the last commit
  sealkit sops diff HEAD:db.yaml db.yaml

  # With the values
  sealkit sops diff --show-values HEAD~3:db.yaml HEAD:db.yaml

A and B are files, - for standard input, or files of git revisions. Without a key for both, ciphertexts are compared: then
"unknown" is a value that changed or was only encrypted anew.
Exit status: 0 nothing differs, 1 something does, 2 trouble.

Flags:
      --show-values          Show clear text, before and after
      --format FORMAT        text or json
      --without-keys         Compare ciphertexts, without a look for keys
      --ignore-mac           Compare although a MAC does not fit
${KEY_FLAGS}`;

export const TEXTCONV_HELP = `Show a file as git is to show it in differences: keys and types, and digests in place of values.

Usage: sealkit sops textconv [flags] FILE

Examples:
  # Set it up for all of a repository, with the merge driver
  sealkit git install

  sealkit sops textconv db.yaml

A digest changes when its value does. It is made with a key from the file's data key: nobody else can test guesses with it.
Never set diff.sealkit.cachetextconv: with --show-values git would store clear text in the repository.

Flags:
      --show-values          Show the decrypted file instead
${KEY_FLAGS}`;

export const MERGE_HELP = `Merge three versions of an encrypted file by path, as a merge driver of git. Nothing is ever written in clear.

Usage: sealkit sops merge [flags] BASE OURS THEIRS
       sealkit sops merge --resolve ours|theirs FILE [PATH...]

Examples:
  # Set it up for all of a repository
  sealkit git install

  # Settle a conflict: one side of everything, or path by path
  sealkit sops merge --resolve ours db.yaml
  sealkit sops merge --resolve theirs db.yaml '["db"]["password"]'

The MACs of all three are checked first. The result goes into OURS, values that nobody changed keep their ciphertexts. A
conflict leaves both sides encrypted between markers: each side taken whole is a valid file.
Exit status: 0 merged, 1 conflicts, 128 refused, and OURS is as it was.

Flags:
      --path P               The name of the file in the repository, for its format and for messages
      --marker-size N        How many characters a conflict marker has
      --resolve SIDE         Take ours or theirs of the conflicts at these paths, or of all
${KEY_FLAGS}`;
