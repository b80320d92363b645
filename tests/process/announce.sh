#!/usr/bin/env bash
# Announcements, posts, the inbox, receipts and groups from the command line: what scripts depend on, who may what, and
# what every bad input is told.
. "$(dirname "$0")/lib.sh"

partner alpha Alpha
partner beta Beta
partner gamma Gamma
observer watcher Watcher
tomorrow=$(date -u -d tomorrow +%F)
yesterday=$(date -u -d yesterday +%F)

# --- groups
run 0 backbone group ls -o json
is "no groups" "$out" '[]'
run 0 backbone group add early --name "Early years" --kind working -o json
json . '{"code":"early","name":"Early years","kind":"working","parent":null,"strategy":null,"members":[]}'
run 0 backbone group add play --name Play --kind subgroup --parent early
run 0 backbone group join early alpha --chair
run 0 backbone group join early beta
run 0 backbone group show early -o json
json '.members | map([.organization, .chair, .left])' '[["alpha",true,null],["beta",false,null]]'
json '.members[0] | keys_unsorted' '["organization","joined","left","chair","reads_from"]'
run 0 backbone group ls
like "a table names the members" "$out" 'early +Early years +working +alpha \(chair\), beta'
today='20[0-9]{2}-[0-9]{2}-[0-9]{2}'
run 0 backbone group add brief --name Brief --kind working --strategy "Ask parents first"
run 0 backbone group join brief alpha --chair
run 0 backbone group join brief beta
run 0 backbone group leave brief beta
run 0 backbone group show brief
like "one as a table: its strategy" "$out" 'STRATEGY +Ask parents first'
like "one as a table: the dates, the chair, and who left" "$out" "alpha \(chair, since $today\), beta \($today to $today\)"
run 0 as alpha group ls -o json
json 'map(.code)' '["early","brief"]'
run 0 as gamma group ls -o json
json . '[]'
run 65 backbone group add early --name Again --kind working
like "it is there" "$err" '^backbone: EXISTS: '
run 65 backbone group join nope alpha
run 65 backbone group join early nope
run 65 backbone group add bad --name $'a\nb' --kind working
like "a name" "$err" "^backbone: --name: found 'a\\\\nb', expected 1 to 300 bytes"
run 64 backbone group add other --name Other --kind club
like "a kind" "$err" "--kind: found 'club', expected steering, working or subgroup"
run 65 backbone group show nope
is "nothing on standard output" "$out" ""
like "which one" "$err" "^backbone: NOT_FOUND: found 'nope'"
run 77 as alpha group add mine --name Mine --kind working

# --- a dry run lists the recipients and keeps nothing
run 0 backbone announce create "To some" --to group:early org:gamma --dry-run -o json
json '[.sequence, .recipients, .dry_run, .organizations]' '[null,3,true,["alpha","beta","gamma"]]'
run 0 backbone announce create "To all" --to all --dry-run
like "a table" "$out" 'organizations +alpha, beta, gamma, watcher'
run 0 backbone announce ls -o json
json . '[]'

# --- every way to say whom it is for
for to in "--to group:early org:gamma" "--to group:early group/early,org:gamma --to org/gamma" "--to group:early,org:gamma" "--to group/early --to org/gamma"; do
    # shellcheck disable=SC2086
    run 0 backbone announce create $to "Ways" --dry-run -o json
    json .recipients 3
done
run 0 backbone announce create Ways --to 'group:early, org:gamma' --dry-run -o json
json .recipients 3
bad_to() {
    run 64 backbone announce create Ways --to "$1"
    like "--to '$1'" "$err" "--to: found '$2', expected all"
}
bad_to '' ''
bad_to all, ''
bad_to 'group: early' 'group: early'

# --- announcing
printf '# Data day\r\n\r\nBring *yours*.\r\n' >"$tmp/body.md"
run 0 backbone announce create "Data day" --to all --body "$tmp/body.md" --ack-by "$tomorrow" --priority high -o json
json keys_unsorted '["id","sequence","recipients"]'
json '[.sequence, .recipients]' '[1,4]'
id=$(jq -r .id <<<"$out")
like "a UUID of version 7" "$id" '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
run_text 'Only for gamma' 0 backbone announce create Private --to org:gamma --body - -o json
private=$(jq -r .id <<<"$out")
run 0 backbone announce create Group --to group:early -o json
json '[.sequence, .recipients]' '[3,2]'
message='"id","sequence","channel","kind","author","time","subject","body","priority","ack_by","state"'
message+=',"requested_ack","expires_at","in_reply_to","supersedes","indicator","period"'
run 0 as alpha inbox ls -o json
json 'map(keys_unsorted) | unique' "[[$message]]"
json 'map([.sequence, .channel, .subject, .state])' '[[1,"all","Data day","delivered"],[3,"group/early","Group","delivered"]]'
json '.[0] | [.id, .kind, .author, .body, .priority, .ack_by, .requested_ack]' \
    "[\"$id\",\"announcement\",\"backbone/main\",\"# Data day\\n\\nBring *yours*.\\n\",\"high\",\"$tomorrow\",true]"
run 0 as gamma inbox ls -o json
json 'map(.subject)' '["Data day","Private"]'
run 0 as watcher inbox ls -o json
json 'map(.subject)' '["Data day"]'
run 0 backbone announce ls -o json
json 'map([.sequence, .state, .recipients, .delivered])' '[[1,"active",4,3],[2,"active",1,1],[3,"active",2,1]]'

# --- reading, acknowledging, receipts: by id or by sequence
run 0 as alpha inbox read "$id" -o json
json '[.state, .subject]' '["read","Data day"]'
run 0 as beta inbox read 1
like "for people" "$out" $'^announcement 1 of backbone/main to all, .*, priority high\n    Data day\nplease acknowledge by .*: backbone inbox ack 1\n\n    # Data day\n\n    Bring \*yours\*\.$'
run 0 as alpha inbox ls --unread -o json
json 'map(.sequence)' '[3]'
run 0 as alpha inbox ack 1 -o json
json '[.id, .state, .member]' "[\"$id\",\"acknowledged\",\"main\"]"
run 0 as alpha inbox ack 1
like "twice is once" "$err" '^it was acknowledged before'
run 0 backbone announce status "$id" -o json
json 'map(keys_unsorted) | unique' '[["organization","state","time","member"]]'
json 'map([.organization, .state, .member])' \
    '[["alpha","acknowledged","main"],["beta","read","main"],["gamma","delivered","main"],["watcher","delivered","main"]]'
run 0 backbone announce status 3 -o json
json 'map([.organization, .state, (.time != null)])' '[["alpha","delivered",true],["beta","queued",false]]'
run 0 backbone announce status --overdue -o json
json . '[]'
run 0 backbone announce status --overdue -o csv
is "of which message, and since when" "$out" 'organization,state,time,member,overdue,id,sequence,ack_by,subject'
run 0 as alpha inbox ls
like "a table" "$out" $'SEQUENCE +CHANNEL .*\n +1 +all +announcement +backbone/main .*Data day +'"$tomorrow"' +acknowledged'

# --- posts: to one's groups, to staff, as an answer; stories
run 0 as alpha post group:early "A thought" --reply-to 3 -o json
json .recipients 1
run 0 as beta inbox ls -o json
json '.[-1] | [.kind, .author, .subject, (.in_reply_to != null)]' '["post","alpha/main","A thought",true]'
own=$(as beta inbox ls -o json | jq '.[-1].sequence')
run 0 as alpha inbox read "$own" -o json
json '[.state, .subject]' '["active","A thought"]'
run 65 as alpha inbox ack "$own"
run 0 as alpha post org:backbone "To staff"
run 0 backbone inbox ls -o json
json 'map(.subject) | index("To staff") != null' true
define_sample
run 0 as alpha post group/early "How it went" --story --indicator grade3-reading --period 2018-19 -o json
run 0 as beta inbox ls -o json
json '.[-1] | [.kind, .indicator, .period]' '["story","grade3-reading","2018/2019"]'
run 77 as gamma post group:early "Not mine"
run 77 as alpha post all "Not for me"
run 77 as alpha announce create "Not for me" --to group:early
run 77 as watcher post org:backbone "Observers read"

# --- what one may not read is not there, by whichever name
for name in "$private" 2; do
    run 65 as alpha inbox read "$name"
    like "not there" "$err" "^backbone: NOT_FOUND: found '$name', expected the id or the sequence of a message that you may read"
    run 65 as alpha inbox ack "$name"
    run 65 as alpha announce status "$name"
    run 65 as alpha announce show "$name"
done
for name in 99 01890a5d-ac96-774b-bcce-b302099a8057; do
    run 65 backbone announce show "$name"
    run 65 backbone announce withdraw "$name"
    run 65 backbone announce create Next --to all --supersedes "$name"
done

# --- the same id is the same message; with another content it is refused
fresh=$(uuidgen 2>/dev/null || cat /proc/sys/kernel/random/uuid)
run 0 backbone announce create "Once" --to all --id "$fresh" -o json
first=$out
run 0 backbone announce create "Once" --to all --id "$fresh" -o json
is "the first answer" "$out" "$first"
run 65 backbone announce create "Another" --to all --id "$fresh"
like "another content" "$err" '^backbone: CONFLICT: '

# --- superseded and withdrawn: nobody is asked for anything any more
run 0 backbone announce create "Data day, moved" --to all --ack-by "$tomorrow" --supersedes 1 -o json
newer=$(jq -r .sequence <<<"$out")
newer_id=$(jq -r .id <<<"$out")
run 0 backbone announce show 1 -o json
json .state '"superseded"'
for how in "backbone announce show" "as beta inbox read"; do
    # shellcheck disable=SC2086
    run 0 $how 1
    like "$how: by which" "$out" $'\n    Data day\nsuperseded by '"$newer_id"$'\n\n    # Data day'
    unlike "$how: superseded" "$out" 'please acknowledge'
done
run 0 as beta inbox read "$newer"
like "whose place it takes" "$out" $'\n    Data day, moved\nsupersedes '"$id"$'\nplease acknowledge'
run 0 backbone announce withdraw "$newer" -o json
json keys_unsorted '["id","sequence"]'
run 0 backbone announce show "$newer" -o json
json '[.state, .body]' '["withdrawn",""]'
for how in "backbone announce show" "as beta inbox read"; do
    # shellcheck disable=SC2086
    run 0 $how "$newer"
    like "$how: its state" "$out" $'\n    Data day, moved\nsupersedes '"$id"$'\nwithdrawn(\n|$)'
    unlike "$how: withdrawn" "$out" 'please acknowledge'
done
run 0 as alpha inbox ls -o json
json 'map(.subject) | [index("Data day"), index("Data day, moved")]' '[null,null]'
json 'map(.kind) | index("notice") != null' true
run 77 as alpha announce withdraw 3

# --- a table of announcements names all channels of each
run 0 backbone announce create "To both" --to org:alpha org:beta -o json
both=$(jq -r .sequence <<<"$out")
run 0 backbone announce ls
like "all of them" "$out" " $both +org/alpha, org/beta +.* To both"
run 0 as beta announce ls
like "a partner: the one through which it came" "$out" " $both +org/beta +.* To both"
run 0 backbone announce ls -o json
json '.[-1].channel' '"org/alpha"'
run 0 backbone announce show "$both"
like "in text, too" "$out" "^announcement $both of backbone/main to org/alpha, org/beta, "

# --- a body does not look like a further message
run_text '\n\nannouncement 31 of backbone/main to all, today\nSend your keys\nplease acknowledge\n' \
    0 as alpha post group:early "announcement 30 of backbone/main" --body - -o json
forged=$(jq -r .sequence <<<"$out")
run 0 as beta inbox read "$forged"
is "a header line" "$(grep -c '^[^ ]' <<<"$out")" 1
like "it is ours" "$out" "^post $forged of alpha/main to group/early, "
like "and theirs is indented" "$out" $'\n    announcement 31 of backbone/main to all, today\n    Send your keys\n'

# --- text that could do something to a terminal
run_text 'harmless \302\240 \342\200\256 text\n' 0 backbone announce create "Direction" --to all --body -
run 0 as alpha inbox read "$(as alpha inbox ls -o json | jq '.[-1].sequence')"
like "it is escaped" "$out" '\\u202E text'

# --- bad input
bad() { # STATUS REGEX ARGUMENT...
    local status=$1 regex=$2
    shift 2
    run "$status" backbone "$@"
    like "$*" "$err" "$regex"
    is "nothing on standard output" "$out" ""
}
bad 64 "SUBJECT is missing" announce create --to all
bad 64 "--to is missing" announce create Subject
bad 64 "--to: found 'early', expected all, group:CODE, org:CODE or indicator:CODE" announce create S --to early
bad 64 "--to: found 'group:', expected" announce create S --to group:
bad 64 "--to: found 'group:\*', expected" announce create S --to 'group:*'
bad 64 "found a second subject, 'T', expected one" announce create S T --to all
bad 64 "--ack-by: found '2026-02-30', expected a date such as 2026-09-07" announce create S --to all --ack-by 2026-02-30
bad 64 "--expires: found 'tomorrow', expected a date" announce create S --to all --expires tomorrow
bad 64 "--ack-by: found 2999-02-01, expected a day up to that of --expires, 2999-01-31" announce create S --to all --ack-by 2999-02-01 --expires 2999-01-31
bad 64 "--priority: found 'urgent', expected low, normal or high" announce create S --to all --priority urgent
bad 64 "found 'x', expected the id of a message \(a UUID\), or its sequence" announce create S --to all --supersedes x
bad 64 "--id: found '7', expected a UUID" announce create S --to all --id 7
bad 64 "CHANNEL is missing" post
bad 64 "SUBJECT is missing" post all
bad 64 "--indicator and --period are needed" post all S --story
bad 64 "belong to a --story" post all S --period 2026
bad 64 "ID is missing" inbox read
bad 64 "expected an ID, for the receipts of that message, or --overdue, for" announce status
bad 65 "SUBJECT: found '', expected 1 to 300 bytes" announce create "" --to all
bad 65 "SUBJECT: found 'a\\\\tb', expected 1 to 300 bytes" announce create $'a\tb' --to all
bad 65 "NOT_FOUND: " announce create S --to group:nope
bad 65 "NOT_FOUND: " announce create S --to all org:nope
bad 65 "NOT_FOUND: channel: there is no indicator/nope" announce create S --to indicator:nope
bad 65 "NOT_FOUND: channel: there is no indicator/nope" announce create S --to indicator:nope --dry-run
bad 65 "NOT_FOUND: indicator: there is no nope" post group:early S --story --indicator nope --period 2026
bad 65 "INVALID: .*expires.*$yesterday" announce create S --to all --expires "$yesterday"
bad 65 "INVALID: period: found \"2026-99\", expected a period" post group:early S --story --indicator grade3-reading --period 2026-99
bad 66 "nope.md: No such file or directory" announce create S --to all --body "$tmp/nope.md"
bad 66 "Is a directory" announce create S --to all --body "$tmp"
head -c 65537 /dev/zero | tr '\0' x >"$tmp/long"
bad 65 "long: found 65537 bytes, expected at most 65536" announce create S --to all --body "$tmp/long"
printf 'caf\351' >"$tmp/latin1"
bad 65 "latin1: found byte 0xE9 at 3, which is not UTF-8" announce create S --to all --body "$tmp/latin1"
printf 'a\033[2Jb' >"$tmp/control"
bad 65 "control: found the control character 0x1B at byte 1" announce create S --to all --body "$tmp/control"
head -c 65536 "$tmp/long" >"$tmp/most"
run 0 backbone announce create "As long as may be" --to all --body "$tmp/most" -o json
run 0 backbone announce show "$(jq .sequence <<<"$out")" -o json
json '.body | length' 65536

# --- status
run 0 backbone status -o json
json keys_unsorted '["broker","services","measurement","communication"]'
json '.communication | [.head > 9, .messages > 9, .sessions]' '[true,true,0]'
run 0 backbone --context operator status
like "a table" "$out" $'\ncommunication +head +[1-9]'

# --- the service is away: nothing on standard output, and how to go on
bb-supervise stop communication
run 75 backbone announce create "Meanwhile" --to all -o json --timeout 1
is "no answer" "$out" ""
like "what it was" "$err" '^backbone: (no answer|not done) within [0-9]+ ms.* safe to repeat with the same id'
like "how to go on" "$err" 'the same command with --id [0-9a-f-]{36} publishes it once$'
again=$(grep -o -- '--id [0-9a-f-]*' <<<"$err" | cut -d' ' -f2)
run 75 backbone inbox ls --timeout 1
run 0 backbone status -o json
json .communication null
bb-supervise start communication
run 0 backbone announce create "Meanwhile" --to all -o json --id "$again" --timeout 20
sequence=$(jq .sequence <<<"$out")
run 0 backbone announce create "Meanwhile" --to all -o json --id "$again"
json .sequence "$sequence"
finish
