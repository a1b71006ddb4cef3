import type { Format } from "../format.ts";

/** What a new file holds when it is opened in an editor for the first time. Source: new files of the original. */
export const EXAMPLES: Readonly<Record<Format, string>> = {
  yaml: `hello: Welcome to SOPS! Edit this file as you please!
example_key: example_value
# Example comment
example_array:
    - example_value1
    - example_value2
example_number: 1234.56789
example_booleans:
    - true
    - false
`,
  json: `{
  "hello": "Welcome to SOPS! Edit this file as you please!",
  "example_key": "example_value",
  "example_array": ["example_value1", "example_value2"],
  "example_number": 1234.56789,
  "example_booleans": [true, false]
}
`,
  dotenv: `# This is an example file.
hello=Welcome to SOPS! Edit this file as you please!
example_key=example_value
example_multiline=foo\\nbar\\nbaz
`,
  ini: `; This is an example file.
[Welcome!]
hello       = Welcome to SOPS! Edit this file as you please!
example_key = example_value
`,
  binary: "Welcome to SOPS! Edit this file as you please!",
};
