export const USAGE = `Usage:
    age-keygen [-pq] [-o OUTPUT]
    age-keygen -y [-o OUTPUT] [INPUT]

Options:
    -o, --output OUTPUT   Write to this new file (mode 0600) instead of standard output.
                          One that is there already is left alone.
    -pq                   Make a key whose files quantum computers do not open.
    -y                    Print the recipients of the secret keys in INPUT.
        --version         Print the version of age that this stands in for.

age-keygen makes a new secret key. Its recipient is in the file as a comment, and is shown
on standard error when standard output is not a terminal.

Examples:
    $ age-keygen -o key.txt
    $ age-keygen -y key.txt
`;
