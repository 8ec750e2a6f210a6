# Completion of mpr for fish: mpr.fish in ~/.config/fish/completions.

function __mpr_candidates
    command mpr complete --shell fish -- (commandline --cut-at-cursor --current-process | string collect) 2>/dev/null </dev/null
end

complete --command mpr --no-files --arguments '(__mpr_candidates)'
