#!/usr/bin/env bash
# Every command of README.md, in its order, does what it should: what staff, partners and everybody type in the sandbox,
# and then what an operator types, with folders of the test in place of /etc/backbone and the others. (Two commands,
# Installing and From a script or a program are what the tests quickstart and install do.)
. "$(dirname "$0")/lib.sh"

export HOME=$tmp/home
sockets=$(mktemp -d /tmp/bb.XXXXXX)
daemons=()
stop_daemons() {
    [ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}"
    wait "${daemons[@]}"
    is "the daemons stop" $? 0
    daemons=()
}
trap '[ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}"; rm -rf "$sockets"; at_exit' EXIT
mkdir "$HOME" "$tmp/etc" "$tmp/lib" "$tmp/desk"
ln -s "$root/deploy" "$tmp/desk/deploy"
cp "$sample"/*.csv "$tmp/desk"
rm "$tmp/desk/readings.csv"
echo 'We read aloud.' >"$tmp/desk/story.md"
printf '#!/bin/sh\ncat >>taken\n' >"$tmp/desk/on-message"
chmod +x "$tmp/desk/on-message"
printf 'Indicator;City;School Year;Percent\ngrade8-math;Hartford;2020-21;12,5 %%\n' >"$tmp/desk/export.csv"
echo '{"dataValues": [{"dataElement": "grade8-math", "orgUnit": "Hartford", "period": "2021-22", "value": "13"}]}' \
    >"$tmp/desk/dataValues.json"
cd "$tmp/desk" || exit

# The command as it is typed here. A key may have an ampersand, which is to stay one.
shopt -u patsub_replacement
here() {
    local line=$1
    line=${line//\/etc\/backbone/$tmp/etc}
    line=${line//\/var\/lib\/backbone/$tmp/lib}
    line=${line//\/run\/backbone/$sockets}
    line=${line//tcp:\/\/backbone.example.org:7600/$BB_ENDPOINT}
    line=${line//SERVER/$BB_SERVER_KEY}
    line=${line//ID/$id}
    line=${line//FINGERPRINT/$fingerprint}
    line=${line//INVITATION/$invitation}
    [[ $line != *BATCH* ]] || line=${line//BATCH/$(backbone batch ls --limit 1 -o json | jq -r '.[].batch')}
    line=${line//2027-09-01/$(date -u -d +30days +%F)}
    echo "${line//PUBLIC/$public}"
}

# After the examples are copied: where they are to be changed here.
configure() {
    sed -i "s|/etc/backbone|$tmp/etc|; s|/var/lib/backbone|$tmp/lib|; s|/run/backbone|$sockets|; s|^#runtime|runtime|
        s|^listen.*|listen = \"tcp://127.0.0.1:*\"|" "$tmp"/etc/*.conf
}

# The first signing key of staff, which the operator names.
staff_signs() {
    run 0 env BACKBONE_CONTEXT=staff backbone signing enable
    echo "staff_signing_keys = '$(sed -n 's/^fingerprint *//p' <<<"$out")'" >>"$BB_STATE/measurement.conf"
    bb-supervise restart measurement
    run 0 env BACKBONE_CONTEXT=staff backbone signing enable
}

perform() {
    case $section/$1 in
        "The data manager's day"/*) run 0 env BACKBONE_CONTEXT=staff bash -c "$1"; return ;;
    esac
    case $1 in
        PATH=*) ;;
        *' &')
            read -r -a words <<<"${1% &}"
            "${words[@]}" 2>>"$tmp/daemons.log" &
            daemons+=($!) ;;
        backbone-measurement*--verify) stop_daemons; run 0 bash -c "$1" ;;
        *'--context operator partner add'*) soon 10 backbone --context operator ping >"$tmp/said" 2>&1; run 0 bash -c "$1" ;;
        cp\ *) run 0 bash -c "$1"; configure ;;
        'backbone announce create'*)
            run 0 env BACKBONE_CONTEXT=staff bash -c "$1"
            id=$(sed -n 's/^id *//p' <<<"$out") ;;
        'backbone signing enable') run 0 bash -c "$1"; fingerprint=$(sed -n 's/^fingerprint *//p' <<<"$out") ;;
        'backbone signing confirm'*) staff_signs; run 0 env BACKBONE_CONTEXT=staff bash -c "$1" ;;
        'backbone announce '* | 'backbone group '*) run 0 env BACKBONE_CONTEXT=staff bash -c "$1" ;;
        'backbone listen'*)
            run 0 env BACKBONE_CONTEXT=staff backbone announce create 'One more thing' --to all
            run 0 timeout --preserve-status -s TERM 2 bash -c "exec $1" ;;
        'backbone partner invite '*) run 0 bash -c "$1"; invitation=$out ;;
        'backbone partner add waterbury'*) run 0 env BACKBONE_CONTEXT=staff bash -c "$1" ;;
        *'keys new '*/waterbury.key) run 0 bash -c "$1"; public=$out ;;
        *) run 0 bash -c "$1" ;;
    esac
}

section=
public=
invitation=
id=
fingerprint=
commands=0
while IFS= read -r line <&3; do
    case $line in
        '## Running it') section=${line#'## '}; public=$(backbone keys new "$HOME/office.key") ;;
        '## '*) section=${line#'## '} ;;
        '    '*)
            line=${line#    }
            case $section/$line in
                'Two commands'/* | Installing/* | 'From a script or a program'/* | 'How fast'/*) ;;
                */indicator,* | */grade3-reading,*) echo "$line" >>readings.csv ;;
                *) line=$(sed 's/  *# .*//' <<<"$line")
                   perform "$(here "$line")"
                   commands=$((commands + 1)) ;;
            esac ;;
    esac
done 3<"$root/README.md"
like "commands in README.md" "$commands" '^[2-9][0-9]$'
is "nothing was refused" "$(wc -l <refused.csv)" 0
like "what is to be filled in" "$(cat next.csv)" $'\ngrade3-reading,hartford,Hartford,,,'
like "what the committee reads" "$(cat assessment.md)" '^# Assessment of 2018-19.*Third-grade reading.*26\.9 percent'
like "what everybody reads" "$(cat for-all.md)" '^# Assessment of 2018-19.*Third-grade reading.*withheld'
unlike "what is one organization's" "$(cat for-all.md)" '26\.9'
run 0 backbone readings history grade3-reading --period 2018-19 --place Hartford --json
json 'map([.numerator, .reason])' '[[412,null],[421,"recount"],[412,"late_data"]]'
run 0 backbone reporting --period 2018-19..2022-23 --all --json
json 'map([.period[:4], .state])' '[["2018","reported"],["2019","unavailable"],["2020","reported"],["2021","silent"],["2022","silent"]]'
run 0 backbone submission ls --period 2018-19 --json
json 'map([.state, .comment])' '[["returned","Is the summer school in it?"]]'
run 0 backbone readings ls --organization hartford --json
json '[.[] | select(.indicator == "grade3-reading") | [.period, .status]]' '[["2018/2019","ok"],["2019/2020","missing"],["2020/2021","ok"]]'
json '[.[] | select(.indicator == "grade8-math") | [.period, .value]]' '[["2020/2021",12.5],["2021/2022",13]]'

json_of() {
    jq -r "$1" "$tmp/desk/taken" | sort | uniq -c | sed 's/^ *//'
}
is "on-message got what came since listen had it" "$(json_of .subject)" '1 One more thing'

# Files that it names are there.
grep -o ']([^)#]*)' "$root/README.md" | tr -d '])(' | sort -u >"$tmp/links"
like "links in README.md" "$(wc -l <"$tmp/links")" '^[0-9]+$'
while read -r link; do
    run 0 test -e "$root/$link"
done <"$tmp/links"
[ "$failed" -eq 0 ] || cat "$tmp/daemons.log"
finish
