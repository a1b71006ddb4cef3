const BASH = `# Completion of sealkit for bash: source <(sealkit completion bash)
_sealkit() {
  local word="\${COMP_WORDS[COMP_CWORD]}" offered
  # "=" splits words in bash: glue a flag and its value together again.
  local -a words=()
  local i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    if [[ "\${COMP_WORDS[i]}" == "=" && \${#words[@]} -gt 0 ]]; then
      words[\${#words[@]}-1]+="="
    elif [[ \${#words[@]} -gt 0 && "\${words[\${#words[@]}-1]}" == --*= ]]; then
      words[\${#words[@]}-1]+="\${COMP_WORDS[i]}"
    else
      words+=("\${COMP_WORDS[i]}")
    fi
  done
  COMPREPLY=()
  while IFS= read -r offered; do
    [[ -z "$offered" ]] && continue
    [[ "\${words[\${#words[@]}-1]}" == --*=* ]] && offered="\${offered#*=}"
    COMPREPLY+=("$offered")
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
}
complete -o default -o bashdefault -F _sealkit sealkit
`;

const ZSH = `#compdef sealkit
# Completion of sealkit for zsh: put this file as _sealkit into a folder of your fpath.
_sealkit() {
  local -a offered
  offered=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  offered=("\${(@)offered:#}")
  if (( \${#offered} )); then
    compadd -- "\${offered[@]}"
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == "_sealkit" ]]; then
  _sealkit "$@"
else
  compdef _sealkit sealkit
fi
`;

const FISH = `# Completion of sealkit for fish: save as ~/.config/fish/completions/sealkit.fish
function __sealkit_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c sealkit -a "(__sealkit_complete)"
`;

/** The completion script of each shell; each asks the hidden command `__complete` for words. */
export const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ["bash", BASH],
  ["zsh", ZSH],
  ["fish", FISH],
]);
