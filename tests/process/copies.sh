# What tests of copies share: a store that is emptied, and everything that is in one taken out and back in.
#
# shellcheck shell=bash disable=SC2154

# empty_store: as on the first day, but for the organizations, which are the broker's
empty_store() {
    bb-supervise stop measurement
    bb-supervise stop communication
    rm -r "$BB_STATE/measurement" "$BB_STATE/communication"
    install -d -m 0700 "$BB_STATE/measurement" "$BB_STATE/communication"
    bb-supervise start measurement
    bb-supervise start communication
}

# listing FILE: what readings ls tells of every reading, but for when it was said, and how often; sorted, since readings
# stand in the order in which their names were heard of first
listing() {
    backbone readings ls -o jsonl 2>"$tmp/err" |
        sed -E 's/"(revision|sequence|version)":[0-9]+,?//g; s/"time":"[^"]*",?//; s/,}$/}/' | LC_ALL=C sort >"$1"
}

# same WHAT FILE FILE
same() {
    if cmp -s "$2" "$3"; then ok; else not_ok "$1" "$(diff "$2" "$3" | head -6)"; fi
}

# keep_catalogue, take_catalogue: indicators and places
keep_catalogue() {
    local fields=code,name,definition,unit,direction,numerator,denominator,factor,decimals,frequency,time_aggregation
    fields+=,organization_aggregation,baseline_period,baseline_value,target_period,target_value,minimum,maximum,due_days
    fields+=,owner,targets,numerator_expression,denominator_expression,publish,overlap,suppress_below
    backbone indicator ls -o json 2>"$tmp/err" | jq -r --arg fields "$fields" '
        ($fields | split(",")) as $f | $f, (.[] | [.[$f[]]]) | @csv' >"$tmp/kept-indicators.csv"
    backbone place ls -o json 2>"$tmp/err" | jq -r '["name", "parent", "alias", "aggregate"], (.[]
        | [.name, .parent, ((.aliases // []) | join("|")), .aggregate]) | @csv' >"$tmp/kept-places.csv"
}

take_catalogue() {
    [ "$(wc -l <"$tmp/kept-places.csv")" -eq 1 ] || run 0 backbone place import "$tmp/kept-places.csv"
    run 0 backbone indicator define "$tmp/kept-indicators.csv"
}

# round_trip: what is in the store, exported in each form, is imported again with every row unchanged, and in an empty
# store it is the same. (Of millions of readings the latter in one form only: it is no other store by the form.)
round_trip() {
    local form rows copies='csv jsonl dhis2-json dhis2-csv'
    kill -0 "$(cat "$BB_STATE/measurement.pid" 2>/dev/null)" 2>/dev/null || bb-supervise start measurement
    listing "$tmp/listing"
    rows=$(wc -l <"$tmp/listing")
    [ "$rows" -gt 0 ] || return 0
    [ "$rows" -le 500000 ] || copies=dhis2-json
    keep_catalogue
    for form in csv jsonl dhis2-json dhis2-csv; do
        run 0 backbone export "$tmp/trip.$form" --format "$form" --datapackage "$tmp/trip.$form.json"
        run 0 backbone import "$tmp/trip.$form" --format "$form" -o json
        counts rows="$rows" unchanged="$rows" created=0 updated=0 rejected=0
    done
    for form in $copies; do
        empty_store
        take_catalogue
        run 0 backbone import "$tmp/trip.$form" --format "$form" -o json
        counts rows="$rows" created="$rows" rejected=0
        listing "$tmp/listing.copy"
        same "$form: an empty store has the same then" "$tmp/listing" "$tmp/listing.copy"
    done
    rm -f "$tmp"/trip.* "$tmp"/listing*
}
