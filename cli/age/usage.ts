export const USAGE = `Usage:
    age [-e] (-r RECIPIENT | -R PATH | -i PATH | -j PLUGIN)... [-a] [-o OUTPUT] [INPUT]
    age [-e] -p [-a] [-o OUTPUT] [INPUT]
    age -d [-i PATH | -j PLUGIN]... [-o OUTPUT] [INPUT]
    age ... -o FOLDER/ [--force] [--format json] (FILE | FOLDER)...

Options:
    -e, --encrypt               Encrypt INPUT. This is what age does without -d.
    -d, --decrypt               Decrypt INPUT; armor and passphrases are noticed.
    -r, --recipient RECIPIENT   Encrypt to this recipient. May be repeated.
    -R, --recipients-file PATH  Encrypt to all recipients in this file. May be repeated.
    -i, --identity PATH         Decrypt with the secret keys in this file. May be repeated.
                                With an explicit -e: encrypt to their recipients.
    -j PLUGIN                   The same with what a plugin knows by itself, without a file.
    -p, --passphrase            Encrypt with a passphrase, asked for on the terminal.
    -a, --armor                 Write text instead of bytes.
    -o, --output OUTPUT         Write to this file; one that is there is replaced.
        --force                 Many files: replace results that are there already.
        --format json           Many files: print what was done, for programs.
        --version               Print the version of age that this stands in for.

Flags come before INPUT. Without INPUT, or when it is "-", standard input is read;
without -o, or when it is "-", the result goes to standard output.

With -o FOLDER/ every FILE and every file below a FOLDER is encrypted to FOLDER/NAME.age, or
with -d from NAME.age to NAME. What cannot be done is told at the end, and the rest is done.

A RECIPIENT is a word that begins with age1, or the public key of an SSH key: a line that
begins with ssh-ed25519 or ssh-rsa. In a recipients file each stands on a line of its own;
empty lines and lines that begin with # do not count. A key file holds AGE-SECRET-KEY-1...
or AGE-SECRET-KEY-PQ-1... lines, and may itself be encrypted with a passphrase; or it is
the private key of an SSH key. Recipients age1NAME1... and identities AGE-PLUGIN-NAME-1...
belong to a plugin: the program age-plugin-NAME has to be in PATH.

"-j batchpass" needs no program and nobody to ask: the passphrase is in the environment
variable AGE_PASSPHRASE, or comes from the open file descriptor AGE_PASSPHRASE_FD.
AGE_PASSPHRASE_WORK_FACTOR (18) and AGE_PASSPHRASE_MAX_WORK_FACTOR (22) bound the work.

Examples:
    $ age-keygen -o key.txt
    $ tar cz notes | age -R team.txt -o notes.tar.gz.age
    $ age -d -i key.txt notes.tar.gz.age | tar tz
`;
