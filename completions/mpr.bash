# Completion of mpr for bash. To try it: source <(mpr completions bash)

_mpr() {
    local line first=1
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $first ]]; then
            first=
            # bash closes the quote and ends the word.
            [[ $line == space ]] && compopt +o nospace 2>/dev/null
        else
            COMPREPLY+=("$line")
        fi
    done < <(command mpr complete --shell bash -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null </dev/null)
    return 0
}

complete -o nospace -F _mpr mpr
