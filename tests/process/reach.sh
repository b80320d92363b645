#!/usr/bin/env bash
# A partner reaching for what is another's: readings, inbox, groups, batches, receipts, restatements, by id or by filter,
# in every field of every request; and members with less rights than others of their organization. What is another's has
# canaries in it: figures and words that must be in no answer to whom it is not for, and that staff finds.
. "$(dirname "$0")/lib.sh"

# figures that no other number has bytes of
score=739481205513 hill=528491730127 earlier=671930482759 second=398201746583 part=812640397241 lone=946127305811

run_text 'code,name,frequency,definition\nscore,Score,yearly,CANARYdefinition\nmine,Mine,yearly,\nopen,Open,yearly,\n' \
    0 backbone indicator define -
run 0 backbone rule add cap '#{score}' '<' '100' --name 'A cap'
partner alpha Alpha --joined 2020-01-01
partner beta 'Beta schools' --joined 2020-01-01 --alias bt
partner gamma Gamma --joined 2020-01-01
partner delta Delta --joined 2020-01-01
observer watcher Watcher

# registry CODE LINE...: an operator adds to an organization's file
registry() {
    local file=$BB_STATE/registry/$1.conf before
    before=$(grep -c 'registry: read again' "$BB_STATE/broker.log")
    shift
    printf '%s\n' "$@" >>"$file"
    kill -HUP "$(cat "$BB_STATE/broker.pid")"
    soon 5 again "$before"
}
again() {
    [ "$(grep -c 'registry: read again' "$BB_STATE/broker.log")" -gt "$1" ]
}
reader=$(backbone keys new "$tmp/desk.key")
registry alpha "member desk {" "    role = 'reader'" "    key = '$reader'" "}"
sed -i '/^indicators/d' "$BB_STATE/registry/gamma.conf"
registry gamma "indicators = {'open'}"
context desk
run 0 as desk context show -o json
json '[.organization, .role]' '["alpha","reader"]'

# --- what is beta's
run 0 as beta indicator adopt score mine --from 2020-01-01
run 0 as beta report score $score --period 2024 --comment CANARYcomment
run 0 as beta report score $hill --period 2024 --place 'Beta Hill'
run 0 as beta report score $part --period 2022 --disaggregation group=x
run 0 as beta report mine $lone --period 2024
run 0 as beta report score $earlier --period 2023
run 0 as beta readings correct score --period 2023 --value $second --reason recount --note CANARYnote
printf 'indicator,period,value,comment\nmine,2021,%s,CANARYrow\nno-such,2021,1,\n' $lone >"$tmp/rows.csv"
run 65 as beta import "$tmp/rows.csv" -o json --reason late_data --note CANARYbatch
batch=$(jq -r .batch <<<"$out")
run 0 as beta submission submit --period 2024 --comment CANARYsubmit
run 0 backbone submission return score --organization beta --period 2024 --comment CANARYreturn
run 0 as alpha report score 5 --period 2024
run 0 backbone group add circle --name Circle --kind working --strategy CANARYstrategy
run 0 backbone group join circle beta
echo CANARYbody >"$tmp/body"
run 0 as beta post group:circle CANARYsubject --body "$tmp/body" -o json
post=$(jq -r .id <<<"$out")
run 0 backbone announce create CANARYannounced --to org:beta --body "$tmp/body" --ack-by 2999-01-01 -o json
announced=$(jq -r .id <<<"$out")
run 0 as beta post org:backbone CANARYletter --body "$tmp/body" -o json
letter=$(jq -r .id <<<"$out")
run 0 backbone announce create 'For all' --to all --ack-by 2999-01-01 -o json
all=$(jq -r .id <<<"$out")
run 0 as beta inbox ack "$all"
run 0 as beta subscribe 'group:*' 'org:*' --name beta-cursor
inbox_has beta 'map(.kind) | sort | unique' '["announcement","notice"]'
head=$(backbone status -o json | jq .measurement.head)

# everything that is beta's, as it stands
snapshot() {
    backbone readings ls --organization beta -o json
    backbone readings history score --period 2023 --organization beta -o json
    backbone batch ls --organization beta --limit 0 -o json
    backbone submission ls --organization beta -o json
    backbone indicator adoptions --organization beta -o json
    backbone indicator ls -o json
    backbone rule ls -o json
    backbone partner show beta -o json
    backbone group show circle -o json
    backbone announce status "$announced" -o json
    backbone announce status "$all" -o json | jq 'map(select(.organization == "beta"))'
    as beta inbox ls -o json
    as beta subscriptions -o json | jq 'map(del(.head, .used, .position))'
}

# --- by id, and by name: the words of what is not there
nothing=01890a5d-ac96-774b-bcce-b302099a8057
# as_nothing STATUS TARGET NOTHING WHO COMMAND...: the command with either of them for @ is answered alike
as_nothing() {
    local status=$1 target=$2 none=$3 who=$4 first
    shift 4
    run "$status" as "$who" "${@//@/$target}"
    first=${out//$target/X}${err//$target/X}
    run "$status" as "$who" "${@//@/$none}"
    is "$who: $* of another's" "$first" "${out//$none/X}${err//$none/X}"
    unlike "$who: $*" "$first" CANARY
}
for who in alpha desk; do
    as_nothing 65 "$batch" $nothing $who batch show @ -o json
    for id in "$post" "$announced" "$letter"; do
        as_nothing 65 "$id" $nothing $who inbox read @
        as_nothing 65 "$id" $nothing $who inbox ack @
        as_nothing 65 "$id" $nothing $who announce show @
        as_nothing 65 "$id" $nothing $who announce status @
    done
    as_nothing 77 org/beta org/nobody $who subscribe @
    as_nothing 77 group/circle group/none $who subscribe @
    as_nothing 77 circle none $who group show @
    run 77 as $who readings ls --organization beta
    run 77 as $who readings history score --period 2024 --organization beta
    run 77 as $who submission ls --organization bt
    run 77 as $who reporting --organization bt
    run 77 as $who progress score --organization 'Beta schools'
    run 77 as $who rule check --organization beta
    run 0 as $who batch ls --organization beta -o json
    json . '[]'
    run 77 as $who announce status "$all"
    run 0 as $who chain export -o json
    unlike "the chain has no contents" "$out" "CANARY|$score|beta"
done
as_nothing 65 "$batch" $nothing alpha batch undo @ --reason recount
as_nothing 65 "$post" $nothing alpha announce withdraw @
as_nothing 65 "$letter" $nothing alpha post org:backbone Answer --reply-to @
as_nothing 77 org/beta org/nobody alpha post @ Subject
as_nothing 77 group/circle group/none alpha post @ Subject
as_nothing 65 "$announced" $nothing watcher inbox read @
as_nothing 77 "$batch" $nothing watcher batch show @

# --- rows of another's, and the rights of a reader
run 65 as alpha report score 6 --period 2025 --organization beta
like "whose they are" "$err" NOT_YOURS
run 65 as alpha indicator adopt score --organization beta
run 77 as alpha submission submit --period 2024 --organization beta
run 77 as desk report score 6 --period 2025
run 77 as desk readings correct score --period 2024 --value 6 --reason recount
run 77 as desk indicator adopt score
run 77 as desk submission submit --period 2024
run 77 as desk post org:backbone Subject
run 0 as alpha report score 7 --period 2019 -o json
own=$(jq -r .batch <<<"$out")
run 77 as desk batch undo "$own"
run 0 as desk batch show "$own" -o json
run 0 as alpha post org:backbone 'From alpha' -o json
run 77 as desk announce withdraw "$(jq -r .id <<<"$out")"
run 0 as desk inbox ack "$all"
run 0 as desk readings ls --indicator score -o json
json 'map(.organization) | unique' '["alpha"]'

# --- frames again, in another order, and under another's batch
hex() {
    tr -d '-' <<<"$1"
}
# frame WHO BATCH INDEX VALUE [OPTION...]
frame() {
    local who=$1 id=$2 index=$3 value=$4
    shift 4
    run 0 "$BB_BUILD/tests/reach" submit --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/$who.key" \
        --batch "$id" --index "$index" --indicator score --period "201$index" --value "$value" "$@"
}
id=0190000000007000800000000000000a
frame alpha $id 0 41
like "a submission" "$out" '^OK sequence=[0-9]+ outcome=created receipt=[0-9a-f]{64}'
kept=$out
frame alpha $id 0 41
is "the same frame again" "${out/ duplicate/}" "$kept"
like "the same frame again" "$out" ' duplicate '
frame alpha $id 2 43 --last
like "the last before the one before it" "$out" '^OK sequence=[0-9]+ outcome=created'
last=$out
frame alpha $id 1 42
like "which comes then" "$out" '^OK sequence=[0-9]+ outcome=created'
frame alpha $id 2 43 --last
is "and the last one again" "${out/ duplicate/}" "$last"
frame alpha $id 1 44
like "another content" "$out" '^CONFLICT '
for index in 0 1 2; do
    frame alpha "$(hex "$batch")" $index $lone --last
    like "another's batch" "$out" '^CONFLICT '
    unlike "another's batch" "$out" "CANARY|$lone|beta|receipt|sequence"
done
# undoing ID INDEX
undoing() {
    run 0 "$BB_BUILD/tests/reach" undo --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/alpha.key" \
        --batch 0190000000007000800000000000000c --undoes "$(hex "$1")" --index "$2"
}
for index in 0 1 7; do
    undoing $nothing $index
    kept=$out
    undoing "$batch" $index
    is "which submissions another's batch has" "$out" "$kept"
    like "nobody learns" "$out" '^NOT_FOUND '
done
frame beta $id 0 41
like "nor is a frame that somebody else sends a repeat" "$out" '^CONFLICT '
frame desk $id 0 41
like "nor may a reader send it" "$out" '^NOT_ALLOWED '
frame alpha 0190000000007000800000000000000b 0 41 --organization beta
like "a row that says another organization" "$out" 'outcome=rejected.* rejected'
run 0 as alpha batch undo "$own"
run 0 as alpha readings ls --period 2019 -o json
json . '[]'

# --- every field of every request
key_of() {
    sed -n 's/^public = "\(.*\)"$/\1/p' "$1"
}
{
    field() {
        local name=$1 value
        shift
        for value; do
            echo "field $name $value"
        done
    }
    field indicator score mine open Score
    field organization beta bt 'Beta schools' alpha
    field place '' 'Beta Hill'
    field disaggregation '' group=x
    for name in period period_from period_to; do
        field $name 2024 2023 2022 2021
    done
    field by organization place disaggregation
    field per year
    field code circle beta score
    field rule cap
    field channel org/beta group/circle 'org/*' 'group/*' all
    field add org/beta group/circle 'org/*' 'group/*' all
    field cursor beta-cursor another
    field action submit return approve lock
    field state returned submitted
    for text in beta 'Beta schools' bt alpha gamma backbone score Score mine open 'Beta Hill' group=x '' 2024 2023 2022 2021 \
        circle group/circle org/beta org/alpha org/backbone all 'group/*' 'org/*' 'indicator/*' indicator/score \
        indicator/mine beta-cursor cap submit return approve place organization disaggregation year main desk \
        readings.list batch.show "$(key_of "$tmp/beta.key")" 2020-01-01 2999-01-01; do
        echo "text $text"
    done
    for id in "$batch" "$post" "$announced" "$letter" "$all" 01890a5d-ac96-774b-bcce-b302099a8057; do
        echo "bytes $(hex "$id")"
    done
    echo "bytes 0011223344556677"
    printf 'number %s\n' 1 2 3 4 5 6 7 8 9 "$head" $((head - 1)) 100000 4294967295 "$(date +%s)000000"
    for canary in comment note row batch submit return strategy body subject announced letter; do
        echo "secret CANARY$canary"
    done
    printf 'figure %s\n' $score $hill $earlier $second $part $lone
} >"$tmp/values"
cp "$tmp/values" "$tmp/values-gamma"
echo "secret CANARYdefinition" >>"$tmp/values-gamma" # an indicator that is not there for gamma

# reach WHO [OPTION...]
reach() {
    local who=$1 values=$tmp/values
    [ "$who" != gamma ] || values=$tmp/values-gamma
    shift
    "$BB_BUILD/tests/reach" ask --endpoint "$BB_ENDPOINT" --server-key "$BB_SERVER_KEY" --key "$tmp/$who.key" \
        --values "$values" "$@"
}
cp "$BB_STATE/keys/staff" "$tmp/staff.key"
seed=${BB_REACH_SEED:-$RANDOM}
echo "seed $seed"
snapshot >"$tmp/before" 2>"$tmp/said"
for who in alpha desk watcher gamma; do
    run 0 reach "$who" --queries --rounds "${BB_REACH_ROUNDS:-150}" --seed "$seed"
    is "nothing of beta's comes to $who" "$out" ''
done
# What changes something, too. A total of two tells each of them the other's figure: so a third one reports all of it.
for period in 2021 2022 2023 2024; do
    for indicator in score mine; do
        run 0 as delta report "$indicator" "333$((RANDOM * RANDOM))7" --period $period
        run 0 as delta report "$indicator" "444$((RANDOM * RANDOM))7" --period $period --place 'Beta Hill'
        run 0 as delta report "$indicator" "555$((RANDOM * RANDOM))7" --period $period --disaggregation group=x
    done
done
for who in alpha desk watcher gamma; do
    run 0 reach "$who" --rounds "${BB_REACH_ROUNDS:-150}" --seed "$((seed + 1))"
    is "nothing of beta's comes to $who that tries everything" "$out" ''
done
snapshot >"$tmp/after" 2>"$tmp/said"
if cmp -s "$tmp/before" "$tmp/after"; then ok; else not_ok "beta's things are as they were" "$(diff "$tmp/before" "$tmp/after")"; fi

# what is corrected is told to who was given what was made from it, without the figures
run 0 as beta readings correct score --period 2024 --value $second --reason recount --note CANARYnote
inbox_has alpha 'map(select(.kind == "notice" and .indicator == "score")) | length > 0' true
run 0 reach alpha --queries --rounds 20 --seed "$seed"
is "nor by a restatement" "$out" ''

# the control: the same requests find them when staff asks, and when beta does
run 0 reach staff --queries --rounds 400 --seed 1
for method in readings.list readings.history trend progress submission.list rule.check batch.list batch.show message.list \
    group.list SUBSCRIBE; do
    like "the control: staff finds it by $method" "$out" "(^|"$'\n'")$method "
done
run 0 reach beta --queries --rounds 400 --seed 1
like "the control: beta finds its own" "$out" 'readings.list .*'
finish
