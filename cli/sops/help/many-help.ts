const LOOKING = `
Whole folders (not in the original):
  -r, --recursive            Work on all files below the folders, in one process; patterns like 'a/**/*.yaml' too.
                             .git, what .gitignore names and symbolic links are left out
      --format FORMAT        text or json
`;

const CHANGING = `${LOOKING}      --dry-run              Do all the work and write nothing
      --keep-going           Write what succeeded although something failed
      --undo                 Undo a run that was broken off, instead of finishing it, and do nothing else
`;

const OUTPUT_DIR = `      --output-dir FOLDER    Write the results below this folder, with mode 0600
`;

/** What each help page says of whole folders. */
export const MANY_HELP = {
  looking: `${LOOKING}      --check                End with 1 when a file is in clear that a creation rule wants encrypted
`,
  keys: CHANGING,
  changing: CHANGING + OUTPUT_DIR,
  decrypting: `${CHANGING}${OUTPUT_DIR}      --in-work-tree         Let clear text be written into a work tree of git
`,
} as const;
