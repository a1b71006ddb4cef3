export const USAGE = `Usage:
    age-inspect [--json] [INPUT]

Options:
    --json      Print JSON.
    --version   Print the version of age that this stands in for.

age-inspect shows what an age file is without decrypting it: the types of its recipients,
whether quantum computers would leave it closed, and its sizes. Without INPUT, or when it
is "-", standard input is read.

Example:
    $ age-inspect notes.tar.gz.age
`;
