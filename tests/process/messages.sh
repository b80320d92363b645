#!/usr/bin/env bash
# Messages through the real daemons: who may write and read what, every bad input, repeats, receipts, restarts.
. "$(dirname "$0")/lib.sh"

for who in alpha beta gamma; do
    partner $who "${who^}"
done
observer watcher Watcher
run 0 backbone group add board --name Board --kind steering
run 0 backbone group add readers --name Readers --kind working --parent board
run 0 backbone group join board alpha
run 0 backbone group join readers alpha
run 0 backbone group join readers beta

# id: of what a command printed
id() {
    jq -r .id <<<"$out"
}
# inbox WHO EXPECTED...: subjects
inbox() {
    run 0 as "$1" inbox ls -o json
    json '[.[].subject]' "$(jq -cn '$ARGS.positional' --args "${@:2}")"
}

# ---- who writes where, and who reads it
run 0 backbone announce create 'To all' --to all --ack-by 2099-01-01 -o json
json .recipients 4
to_all=$(id)
run 0 backbone announce create 'To beta' --to org:beta -o json
json .recipients 1
to_beta=$(id)
run 0 as alpha post group/board 'To the board' -o json
run 0 as beta post group/readers 'To the readers' -o json
to_readers=$(id)
run 0 as gamma post org/backbone 'To the office' -o json
to_office=$(id)
inbox alpha 'To all' 'To the readers'
inbox beta 'To all' 'To beta'
inbox gamma 'To all'
inbox watcher 'To all'
inbox staff 'To the office'

# refused STATUS REGEX COMMAND...
refused() {
    local expected=$2
    run "$1" "${@:3}"
    like "what is wrong" "$err" "$expected"
}
refused 77 'may not write' as alpha post group/none x
refused 77 'may not write' as gamma post group/board x
refused 77 'may not write' as alpha post org/beta x
refused 77 'may not write' as alpha post all x
refused 77 '' as watcher post all x
refused 77 '' as alpha announce create x --to all
refused 65 'there is no group/none' backbone announce create x --to group:none
refused 65 'there is no org/none' backbone announce create x --to org:none
refused 65 NOT_FOUND as gamma inbox read "$to_beta"
refused 65 NOT_FOUND as gamma inbox ack "$to_readers"
refused 65 NOT_FOUND as alpha announce show "$to_office"
refused 65 NOT_FOUND as gamma announce withdraw "$to_beta"
refused 77 'only its author' as alpha announce withdraw "$to_readers"
refused 65 'already' backbone group add board --name Other --kind steering
refused 65 'none' backbone group join none alpha
refused 65 'none' backbone group join board none
refused 65 'not a member' backbone group leave board gamma
refused 77 '' as alpha group add own --name Own --kind working
run 0 as gamma group ls -o json
json length 0
refused 77 '' as gamma group show board

# ---- receipts
run 0 as alpha inbox read "$to_all"
run 0 as beta inbox ack "$to_all"
run 0 backbone announce status "$to_all" -o json
json '[.[] | [.organization, .state]]' '[["alpha","read"],["beta","acknowledged"],["gamma","delivered"],["watcher","delivered"]]'
refused 77 'only its author' as alpha announce status "$to_all"

# ---- repeats, across a crash
run 0 backbone announce create Once --to all --id 01994f00-0000-7000-8000-000000000001 -o json
first=$(jq -c '[.id, .sequence, .recipients]' <<<"$out")
bb-supervise kill communication
bb-supervise start communication
run 0 backbone announce create Once --to all --id 01994f00-0000-7000-8000-000000000001 -o json
json '[.id, .sequence, .recipients]' "$first"
run 65 backbone announce create Twice --to all --id 01994f00-0000-7000-8000-000000000001
run 65 as alpha post group/board Once --id 01994f00-0000-7000-8000-000000000001
inbox gamma 'To all' Once

# ---- withdrawn, superseded, left
run 0 backbone announce withdraw "$to_all"
run 0 backbone announce create Newer --to org:beta --supersedes "$to_beta"
inbox beta Once 'Withdrawn: To all' Newer
run 0 backbone group leave readers alpha
refused 65 NOT_FOUND as alpha inbox read "$to_readers"
run 0 backbone partner set gamma --disable
run 77 as gamma inbox ls
run 0 backbone partner set gamma --enable
inbox gamma Once 'Withdrawn: To all'

# ---- the broker restarts
bb-supervise restart broker
run 0 as beta post group/readers Again
inbox beta Once 'Withdrawn: To all' Newer
finish
