#!/usr/bin/env bash
# Who is let in, who may write what, who sees whose line.
. "$(dirname "$0")/lib.sh"

cat >"$tmp/indicators.csv" <<'END'
code,name,unit,numerator,denominator,decimals
share,A share,percent,those,all,1
END
run 0 backbone indicator define "$tmp/indicators.csv"
partner alpha Alpha
partner beta Beta
partner gamma Gamma --share-own-line
observer watcher Watcher

for who in alpha beta gamma; do
    run 0 as "$who" context show -o json
    json '[.organization, .role]' "[\"$who\",\"reporter\"]"
done
run 0 as alpha report share --period 2026 --numerator 1 --denominator 4
run 0 as beta report share --period 2026 --numerator 2 --denominator 4
run 0 as gamma report share --period 2026 --numerator 3 --denominator 4
run 0 as alpha report share --period 2027 --numerator 1 --denominator 4

# --- the door
# What the broker counted as refused handshakes.
refusals() {
    backbone status -o json |
        jq '[.broker.counters | to_entries[] | select(.key | startswith("handshakes_refused")) | .value] | add'
}
before=$(refusals)
backbone keys new "$tmp/stranger.key" >/dev/null
context stranger
SECONDS=0
run 77 as stranger ping
[ "$SECONDS" -le 10 ] && ok || not_ok "an unknown key is refused within the handshake limit, not after $SECONDS s"
like "and told why" "$err" 'key|refused|allowed'

other=$(backbone keys new "$tmp/other-server.key")
run 0 backbone context add wrong-server --endpoint "$BB_ENDPOINT" --server-key "$other" --key "$tmp/alpha.key"
run 77 as wrong-server ping
like "both causes" "$err" 'server key of this context is not the broker.s, or the broker is overloaded'
run 0 backbone context add nobody-there --endpoint tcp://127.0.0.1:1 --server-key "$BB_SERVER_KEY" --key "$tmp/alpha.key"
run 69 as nobody-there ping
run 0 as alpha ping
[ "$(refusals)" -ge $((before + 2)) ] && ok || not_ok "refused handshakes are counted" "$(backbone status -o json)"

run 0 backbone partner set beta --disable
run 77 as beta ping
run 77 as beta report share --period 2027 --numerator 1 --denominator 4
run 0 backbone partner set beta --enable
run 0 as beta ping

# a new key replaces the old one
cp "$tmp/alpha.key" "$tmp/old.key"
key=$(backbone keys new "$tmp/new.key")
run 0 backbone partner set alpha --key "$key"
run 77 as alpha ping
mv "$tmp/new.key" "$tmp/alpha.key"
run 0 as alpha ping

# staff that would lock itself out, and staff that replaces its own key
run 77 backbone partner set backbone --disable
like "why" "$err" 'neither disables itself'
run 0 backbone ping
run 65 backbone partner add operator --name 'An operator' --role partner
like "the operators' code" "$err" 'reserved'
run 65 backbone partner add communication --name 'Communication' --role partner
like "a service's code" "$err" 'reserved'
key=$(backbone keys new "$tmp/office.key")
run 0 backbone partner add office --name Office --role staff --key "$key"
context office
key=$(backbone keys new "$tmp/office-new.key")
run 0 as office partner set office --key "$key" -o json
run 77 as office ping
mv "$tmp/office-new.key" "$tmp/office.key"
run 0 as office ping
run 0 as operator partner set office --disable
run 77 as office ping

# one key belongs to one partner
key=$(sed -n 's/^public = "\(.*\)"$/\1/p' "$tmp/alpha.key")
run 65 backbone partner add delta --name Delta --role partner --key "$key"
like "who has it" "$err" 'alpha|key'

# --- writing
run 65 as alpha report share --period 2026 --numerator 1 --denominator 4 --organization beta
like "NOT_YOURS" "$err" 'NOT_YOURS|own'
run 65 as alpha report share --period 2026 --numerator 1 --denominator 4 --organization betta
like "who takes part is no secret: a typing error is told" "$err" 'UNKNOWN_ORGANIZATION|no organization'
printf 'indicator,organization,period,numerator,denominator\nshare,beta,2026,9,10\nshare,alpha,2028,1,2\n' >"$tmp/mixed.csv"
run 65 as alpha import "$tmp/mixed.csv" -o json --rejects "$tmp/rejects.csv"
counts created=1 rejected=1
like "the foreign row" "$(cat "$tmp/rejects.csv")" 'share,beta,2026,9,10,1,NOT_YOURS,organization'
run 0 backbone import "$tmp/mixed.csv" -o json
counts updated=1 unchanged=1
run 77 as watcher report share --period 2026 --numerator 1 --denominator 4
run 77 as alpha indicator define "$tmp/indicators.csv"
run 77 as alpha place import "$sample/places.csv"
run 77 as alpha partner add delta --name Delta --role partner
run 77 as alpha status

# --- reading: own line, shared lines, totals
run 0 as alpha readings ls -o json
json '[.[].organization] | unique' '["alpha","gamma"]'
run 0 as alpha readings ls --organization gamma -o json
json 'length' 1
as alpha readings ls --organization beta -o json >"$tmp/out" 2>"$tmp/err"
unlike "beta's line is not alpha's to see" "$(cat "$tmp/out")" '"organization": *"beta"'
like "why" "$(cat "$tmp/err")" 'does not share'
as alpha readings ls --organization betta -o json >"$tmp/out" 2>"$tmp/err"
like "another word for nobody" "$(cat "$tmp/err")" 'betta'
unlike "another word for nobody" "$(cat "$tmp/err")" 'does not share'
as alpha readings history share --period 2026 --organization beta -o json >"$tmp/out" 2>"$tmp/err"
unlike "nor its history" "$(cat "$tmp/out")" '"numerator"'
run 0 as alpha trend share --period 2026 -o json
json '.[] | [.numerator, .denominator, .organizations]' '[13,18,3]'
run 0 as alpha trend share --period 2026 --by organization -o json
json '[.[] | select(.value != null) | .organization] | sort' '["alpha","gamma"]'
unlike "no figure of beta" "$out" '\b9\b'

# a cell that only one organization makes up is that organization's line
run 0 as beta trend share --period 2027 -o json
unlike "2027 is alpha's alone" "$out" '"numerator": *1'
run 0 as watcher trend share --period 2026 -o json
json '.[] | [.numerator, .denominator]' '[13,18]'
run 0 as watcher trend share --period 2027 -o json
unlike "an observer sees totals only" "$out" '"numerator": *1'
run 77 as watcher readings ls
run 0 as beta trend share --period 2027 --place "" -o json
unlike "neither by naming the empty place" "$out" '"numerator": *1'
run 0 as beta trend share --period 2027 --disaggregation "" -o json
unlike "nor the empty disaggregation" "$out" '"numerator": *1'

# it opts in: then it is seen
run 0 backbone partner set alpha --share-own-line
run 0 as beta trend share --period 2027 -o json
json '.[] | [.numerator, .denominator]' '[1,4]'

# --- operators run the machine; they have no rights to data
run 0 as operator status -o json
run 0 as operator partner ls -o json
json 'map(.code) | sort' '["alpha","backbone","beta","gamma","office","watcher"]'
run 77 as operator readings ls
run 77 as operator trend share
run 77 as operator report share 1 --period 2026
run 77 as operator indicator define "$tmp/indicators.csv"
run 0 as operator partner add delta --name Delta --role partner

# --- partners see themselves only
run 0 as alpha partner ls -o json
json 'map(.code)' '["alpha"]'

finish
