import { MANY_HELP } from "./many-help.ts";

const LAST_FLAGS = `      --strict               Refuse what the original lets pass with a warning
  -h, --help                 Show this page
`;

const PRESERVE_FLAG = `      --preserve             Keep blank lines, comments, quotes and indentation, where sops prints them anew
`;

export const ROTATE_HELP = `Give a file a new data key, encrypt all its values with it, and change who can read it.

Usage: sealkit sops rotate [flags] FILE

Examples:
  # A new data key, in place
  sealkit sops rotate -i values.yaml

  # Somebody leaves: their recipient goes, and the data key that they know too
  sealkit sops rotate -i --rm-age age1def… values.yaml

What they could read before they may still have: change the values too.

Flags:
      --add-age RECIPIENTS   Encrypt the new data key to these age recipients as well, with commas
      --rm-age RECIPIENTS    Do not encrypt it to these
  -i, --in-place             Write the result into the file itself, in one step
      --output FILE          Write the result there
      --decryption-order T   Kinds of keys in the order in which they are tried
      --input-type TYPE      The format of the file, instead of by its name
      --output-type TYPE     The format of the result, instead of by the file's name
      --filename-override F  Take this name for types
${PRESERVE_FLAG}${LAST_FLAGS}${MANY_HELP.changing}`;

export const UPDATEKEYS_HELP = `Give files the recipients of their creation rule in .sops.yaml. Values stay as they are.

Usage: sealkit sops updatekeys [flags] FILE...

Examples:
  # Show what would change, and ask
  sealkit sops updatekeys values.yaml

  # All files, without questions
  sealkit sops updatekeys -y secrets/*.yaml

Who is removed still knows the data key: follow with sealkit sops rotate -i FILE.

Flags:
  -y, --yes                  Do not ask
      --input-type TYPE      The format of the files, instead of by their names
${LAST_FLAGS}${MANY_HELP.keys}`;

const CHANGE_FLAGS = `      --ignore-mac           Change the file although its MAC does not fit
      --decryption-order T   Kinds of keys in the order in which they are tried
      --input-type TYPE      The format of the file, instead of by its name
      --output-type TYPE     The format it gets, instead of by its name
${PRESERVE_FLAG}${LAST_FLAGS}`;

export const SET_HELP = `Put a value into an encrypted file, in one step. Other values stay as they are.

Usage: sealkit sops set [flags] FILE PATH VALUE

Examples:
  sealkit sops set values.yaml '["db"]["port"]' 5432

  # Without the value in the list of processes
  jq -Rs . password.txt | sealkit sops set --value-stdin values.yaml '["db"]["password"]'

VALUE is JSON: a text is in double quotes. A number becomes a float, as with the original; a list has to be inside an object.

Flags:
      --value-file           VALUE is the name of a file with the value
      --value-stdin          Read the value from standard input
      --idempotent           Leave the file alone when it has this value already
${CHANGE_FLAGS}`;

export const UNSET_HELP = `Remove a value from an encrypted file, in one step. Other values stay as they are.

Usage: sealkit sops unset [flags] FILE PATH

Examples:
  sealkit sops unset values.yaml '["db"]["password"]'

Flags:
      --idempotent           Succeed when there is nothing at the path
${CHANGE_FLAGS}`;

export const EDIT_HELP = `Edit an encrypted file in clear, in an editor. A file that is not there begins with an example.

Usage: sealkit sops edit [flags] FILE
       sealkit sops [flags] FILE

Examples:
  sealkit sops edit values.yaml

  # An editor with a window has to wait
  EDITOR='code --wait' sealkit sops edit values.yaml

  # A new file
  sealkit sops edit --age age1… values.yaml

The editor is SOPS_EDITOR, EDITOR, or the first of vim, nano and vi. The clear text is in a file that only you can read, in
memory (/dev/shm) where there is such a place, for as long as the editor runs. A text that cannot be encrypted goes back to
the editor. Values that were not touched stay as they are; a file that somebody else changed meanwhile is not replaced: the
edited one is kept beside it, encrypted.

For a new file (as for sealkit sops encrypt; else the creation rules of .sops.yaml):
  -a, --age RECIPIENTS       Age recipients, with commas (SOPS_AGE_RECIPIENTS)
      --encrypted-regex P, --unencrypted-regex P, --encrypted-suffix S, --unencrypted-suffix S
                             Which values are encrypted
      --shamir-secret-sharing-threshold N
                             How many of the rule's key_groups it takes to decrypt

Flags:
  -s, --show-master-keys     Show the metadata too: keys, threshold and selector may be changed there
      --ignore-mac           Open the file although its MAC does not fit
      --decryption-order T   Kinds of keys in the order in which they are tried
      --input-type TYPE      The format of the file, instead of by its name
      --output-type TYPE     The format to edit and write, instead of by its name
${PRESERVE_FLAG}${LAST_FLAGS}`;

export const EXEC_ENV_HELP = `Run a command with the values of a file as environment variables. Nothing is written to a disk.

Usage: sealkit sops exec-env [flags] FILE COMMAND

Examples:
  sealkit sops exec-env database.env 'psql -c "select 1"'

  # With these variables only
  sealkit sops exec-env --pristine database.env env

COMMAND is one word, a line for /bin/sh. Its exit code is that of this command, 255 when a signal ended it.

Flags:
      --pristine             Give the command no other variables
      --user NAME            Run the command as this user; only root can
      --same-process         Say nothing about how the command ended
      --background           Do not wait for the command (deprecated by the original)
      --decryption-order T   Kinds of keys in the order in which they are tried
${LAST_FLAGS}`;

export const EXEC_FILE_HELP = `Run a command with a file in clear: {} in the command stands for its path.

Usage: sealkit sops exec-file [flags] FILE COMMAND

Examples:
  sealkit sops exec-file config.yaml 'server --config {}'

  # A real file, for commands that read back and forth in it
  sealkit sops exec-file --no-fifo --filename app.json config.json 'app {}'

COMMAND is one word, a line for /bin/sh. The path is a named pipe: every reader gets the whole text, and nothing is written to a
disk. With --no-fifo it is a file that only you can read, in memory (/dev/shm) where there is such a place, and it goes with
the command. The exit code is that of the command, 255 when a signal ended it.

Flags:
      --no-fifo              Use a file instead of a named pipe
      --filename NAME        How the file or pipe is called, instead of tmp-file
      --user NAME            Run the command as this user; only root can
      --input-type TYPE      The format of the file, instead of by its name
      --output-type TYPE     The format of the clear text, instead of by the file's name
      --decryption-order T   Kinds of keys in the order in which they are tried
${LAST_FLAGS}`;

export const FILESTATUS_HELP = `Say as JSON whether a file is encrypted. Needs no identity.

Usage: sealkit sops filestatus [flags] FILE

Examples:
  sealkit sops filestatus values.yaml

Flags:
      --input-type TYPE      The format of the file, instead of by its name
${LAST_FLAGS}${MANY_HELP.looking}`;
