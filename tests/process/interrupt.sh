#!/usr/bin/env bash
# An import that is stopped: what it says, what it leaves behind, how it dies, and that the command it prints goes on.
. "$(dirname "$0")/lib.sh"

printf 'code,name\namount,An amount\n' >"$tmp/indicators.csv"
run 0 backbone indicator define "$tmp/indicators.csv"

# the first row is refused, the others are good
{
    printf 'indicator,place,period,value\namount,P0,2030,x\n'
    seq 1 19999 | sed 's/.*/amount,Place &,2030,&/'
} >"$tmp/rows.csv"

has_rows() {
    [ "$(backbone trend amount --period 2030 --json 2>/dev/null | jq '.[0].readings // 0')" -ge "$1" ]
}

# begin COMMAND...: with the first half of the rows on its standard input, which stays open
begin() {
    rm -f "$tmp/pipe"
    mkfifo "$tmp/pipe"
    env --default-signal=INT,TERM,HUP "$@" <"$tmp/pipe" >"$tmp/out" 2>"$tmp/err" &
    client=$!
    exec 9>"$tmp/pipe"
    head -n 10001 "$tmp/rows.csv" >&9
}

# stop SIGNAL
stop() {
    kill "-$1" "$client"
    wait "$client" 2>/dev/null && status=0 || status=$?
    exec 9>&-
    out=$(cat "$tmp/out")
    err=$(cat "$tmp/err")
}

# --- Ctrl-C in the middle of a pipe
begin backbone import - -o json --rejects "$tmp/it's refused.csv"
soon 20 has_rows 5000
stop INT
is "dies of SIGINT" "$status" 130
is "no counts of half a file" "$out" ""
like "how far it came" "$err" 'standard input: stopped by SIGINT: [0-9]+ rows were answered, [0-9]+ more'
answered=$(sed -n 's/.*: \([0-9]*\) rows were answered.*/\1/p' <<<"$err")
[ "${answered:-0}" -ge 1000 ] && ok || not_ok "rows that were answered: $answered"
like "the input is needed again" "$err" 'with the same input from its beginning'
like "what was refused is kept" "$(tail -n 1 "$tmp/it's refused.csv")" '^amount,P0,2030,x,1,BAD_NUMBER,'
resume=$(grep '^  backbone import' <<<"$err")
like "the batch" "$resume" '^  backbone import --batch [0-9a-f-]{36} - -o json --rejects '
run_with "$tmp/rows.csv" 65 sh -c "$resume"
counts rows=20000 created=19999 updated=0 unchanged=0 rejected=1
json ".duplicate >= $answered - 1 and .duplicate < 20000" true
run 0 backbone trend amount --period 2030 -o json
json '.[] | [.value, .readings]' '[199990000,19999]'

# --- SIGTERM; the options in front of the command, and a batch that was given, stay as they are
batch=0190a0b0-0000-7000-8000-00000000000b
begin backbone --color never import --batch $batch -
stop_when_it_reads() {
    soon 20 sh -c "grep -q SigCgt.*4..3$ /proc/$client/status" # it has its handlers: of signals 1, 2 and 15
    stop "$1"
}
stop_when_it_reads TERM
is "dies of SIGTERM" "$status" 143
like "the same command" "$err" $'\n  backbone --color never import --batch '$batch' -$'

# --- a dry run kept nothing
begin backbone import - --dry-run
stop_when_it_reads HUP
is "dies of SIGHUP" "$status" 129
like "nothing to resume" "$err" 'nothing was kept.*same input'
unlike "no batch" "$err" '--batch'

# --- a signal that is ignored stays so (nohup)
begin env --ignore-signal=HUP backbone import -
kill -HUP "$client"
tail -n +10002 "$tmp/rows.csv" >&9
exec 9>&-
wait "$client" && status=0 || status=$?
is "it went on" "$status" 65

# --- nobody answers: the same words
backbone keys new "$tmp/nobody.key" >/dev/null
run 0 backbone context add nobody --endpoint tcp://127.0.0.1:1 --server-key "$BB_SERVER_KEY" --key "$tmp/nobody.key"
run 69 backbone --context nobody import "$tmp/rows.csv"
like "the command to go on" "$err" $'The batch is [0-9a-f-]{36}. To go on .*\n  backbone --context nobody import --batch [0-9a-f-]{36} '"$tmp/rows.csv"$'$'
unlike "a file is there" "$err" 'same input'

# --- the partner is disabled in the middle
partner alpha Alpha
begin env BACKBONE_CONTEXT=alpha backbone import - --rejects "$tmp/refused.csv"
has_alpha_rows() {
    [ "$(backbone readings ls --organization alpha --json 2>/dev/null | jq 'length')" -ge 5000 ]
}
soon 20 has_alpha_rows
run 0 backbone partner set alpha --disable
tail -n +10002 "$tmp/rows.csv" 2>/dev/null >&9
exec 9>&-
wait "$client" && status=0 || status=$?
is "it may not" "$status" 77
like "how to go on" "$(cat "$tmp/err")" $'The batch is [0-9a-f-]{36}. To go on, .*\n  backbone import --batch [0-9a-f-]{36} - '
like "what was refused is kept" "$(tail -n 1 "$tmp/refused.csv")" '^amount,P0,2030,x,1,BAD_NUMBER,'
run 77 as alpha import "$tmp/rows.csv"
unlike "it was never let in" "$err" 'To go on'

finish
