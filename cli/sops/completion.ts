import { basename } from "node:path";
import type { Io } from "../io.ts";
import { write } from "../output.ts";

export const COMPLETION_HELP = `Print the script that completes commands, flags and their choices for sops in your shell.

Usage: sealkit sops completion bash|zsh|fish

Examples:
  # bash, this session
  source <(sealkit sops completion bash)

  # zsh, from now on
  sealkit sops completion zsh > ~/.zfunc/_sops

  # fish, from now on
  sealkit sops completion fish > ~/.config/fish/completions/sops.fish

Flags:
  -h, --help                 Show this page
`;

/** The hidden word before the words to complete, for a program that is called `sops`. */
export const COMPLETE_WORD = "__complete";

/** Prints the script of one shell. Returns the exit code. */
export async function runCompletion(io: Io, shell: keyof typeof SCRIPTS): Promise<number> {
  // A script of ours must never call the original, which takes an unknown word for a file to edit.
  const isSops = /^sops(\.exe|\.cjs)?$/.test(basename(io.argv0));
  await write(io.stdout, SCRIPTS[shell](isSops ? `sops ${COMPLETE_WORD}` : "sealkit __complete sops"));
  return 0;
}

/** The script of each shell; each asks a hidden command for words. */
export const SCRIPTS = {
  bash: (command: string) => `#! /bin/bash
# Completion of sops for bash: source <(sealkit sops completion bash)
_sealkit_sops() {
  local offered
  COMPREPLY=()
  while IFS= read -r offered; do
    [[ -n "$offered" ]] && COMPREPLY+=("$offered")
  done < <(${command} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -o bashdefault -F _sealkit_sops sops
`,
  zsh: (command: string) => `#compdef sops
# Completion of sops for zsh: put this file as _sops into a folder of your fpath.
_sealkit_sops() {
  local -a offered
  offered=("\${(@f)$(${command} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  offered=("\${(@)offered:#}")
  if (( \${#offered} )); then
    compadd -- "\${offered[@]}"
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == "_sops" ]]; then
  _sealkit_sops "$@"
else
  compdef _sealkit_sops sops
fi
`,
  fish: (command: string) => `# Completion of sops for fish: save as ~/.config/fish/completions/sops.fish
function __sealkit_sops_complete
  set -l words (commandline -opc) (commandline -ct)
  ${command} $words[2..-1] 2>/dev/null
end
complete -c sops -a "(__sealkit_sops_complete)"
`,
} as const satisfies Record<string, (command: string) => string>;
