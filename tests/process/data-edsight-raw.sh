#!/usr/bin/env bash
# ct-edsight-medium/raw: the 130 exports from which its tidy table was made, as they came, with maps alone. What they
# leave in the store is what the tidy table says, but for what the maps fold: two names of one organization, grade=03.
needs=ct-edsight-medium
. "$(dirname "$0")/lib.sh"
maps=$root/deploy/sample/maps
tidy=$tmp/tidy.csv

# One record a line, cells separated by tabs: none of the cells has any.
zcat "$data/readings.csv.gz" | awk -v OFS='\t' '
    {
        n = split("", cell); line = $0
        while (line != "" || n == 0) {
            if (match(line, /^"([^"]|"")*"/)) {
                c = substr(line, 2, RLENGTH - 2); gsub(/""/, "\"", c); line = substr(line, RLENGTH + 2)
            } else {
                match(line, /^[^,]*/); c = substr(line, 1, RLENGTH); last = RLENGTH == length(line)
                line = substr(line, RLENGTH + 2)
            }
            cell[++n] = c
        }
        for (i = n + 1; i <= 11; i++) cell[i] = ""
        row = cell[1]; for (i = 2; i <= 11; i++) row = row OFS cell[i]
        print row
    }' >"$tidy"
is "the tidy table" "$(wc -l <"$tidy")" 162961
is "files that it names" "$(tail -n +2 "$tidy" | cut -f11 | sort -u | wc -l)" 130

# Names of one code are one organization: the code of seven digits, or the three it begins with, or the state's. Which of
# the names is kept is the maps' to say.
jq -s '[.[].fields[]? | .aliases? // {}] | add | to_entries[] | "\(.key)\t\(.value)"' -r \
    "$maps"/edsight-kindergarten.json | sort -u >"$tmp/fold.tsv"
awk -F'\t' -v OFS='\t' '
    NR == FNR { fold[$1] = $2; next }
    FNR > 1 {
        if ($2 in fold) $2 = $4 = fold[$2]
        code = $3; sub(/^="/, "", code); if (length(code) != 7 && code != "") code = sprintf("%03d", code)
        code = substr(code, 1, 3)
        if (code != "" && code in name && name[code] != $2) print "two names of one code: " $2 ", " name[code] >"/dev/stderr"
        if (code != "") name[code] = $2
        sub(/^grade=0/, "grade=", $5)
        $6 = substr($6, 1, 4) "/" substr($6, 1, 4) + 1 # as it is told, however it was written
        print
    }' "$tmp/fold.tsv" "$tidy" >"$tmp/folded.tsv" 2>"$tmp/unfolded"
is "every code has one name" "$(cat "$tmp/unfolded")" ''

{
    echo code,name,unit,frequency,organization_aggregation
    cut -f1 "$tmp/folded.tsv" | sort -u | sed 's/.*/&,&,percent,school_year,ratio/'
} >"$tmp/indicators.csv"
{
    echo code,name,role
    cut -f2 "$tmp/folded.tsv" | sort -u | awk '{ print "district-" NR ",\"" $0 "\",partner" }'
} >"$tmp/organizations.csv"
run 0 backbone indicator define "$tmp/indicators.csv"
run 0 backbone partner import "$tmp/organizations.csv"
is "organizations" "$(($(wc -l <"$tmp/organizations.csv") - 1))" 206

map_of() {
    case $1 in
    chronic-absenteeism__201[1-6]-*|chronic-absenteeism__2017-18_race.csv) echo edsight-chronic-absenteeism ;;
    chronic-absenteeism__*) echo edsight-chronic-absenteeism-counts ;;
    four-year-graduation-rates__*) echo edsight-graduation ;;
    suspension-rates__*) echo edsight-suspension ;;
    smarter-balanced__*) echo edsight-smarter-balanced ;;
    2012-13_KEI_*) echo edsight-kindergarten-2012-13 ;;
    *_KEI_*) echo edsight-kindergarten ;;
    esac
}

# Each file gives as many readings as the tidy table has of it, all of them taken.
cut -f11 "$tmp/folded.tsv" | sort | uniq -c >"$tmp/counts"
rows=0 created=0 unchanged=0 suppressed=0 missing=0
while read -r expected name; do
    file=$(find "$data/raw" -name "$name")
    run 0 backbone import "$file" --map "$maps/$(map_of "$name").json" -o json
    counts "rows=$expected" rejected=0 updated=0
    read -r r c u s m < <(jq -r '[.rows, .created, .unchanged, .suppressed, .missing] | @tsv' <<<"$out")
    rows=$((rows + r)) created=$((created + c)) unchanged=$((unchanged + u)) suppressed=$((suppressed + s)) missing=$((missing + m))
done <"$tmp/counts"
is "rows" $rows 162960
is "created" $created 162840
is "the state, told twice: in its own files, and among the districts" $unchanged 120
is "suppressed" $suppressed 44589
is "not applicable or missing" $missing 6699

# and they are what the tidy table says
awk -F'\t' -v OFS='\t' '{ print $1, $2, $4, $5, $6, $7, $8, $9, $10 }' "$tmp/folded.tsv" | sort -u >"$tmp/expected"
run 0 backbone partner ls -o jsonl
jq -r '"\(.code)\t\(.name)"' "$tmp/out" >"$tmp/names"
run 0 backbone readings ls -o jsonl
jq -r '[.indicator, .organization, .place, .disaggregation, .period, .value // "", .numerator // "", .denominator // "", .status] | map(tostring) | @tsv' \
    "$tmp/out" >"$tmp/stored"
awk -F'\t' -v OFS='\t' 'NR == FNR { name[$1] = $2; next } { $2 = name[$2]; print }' "$tmp/names" "$tmp/stored" | sort >"$tmp/found"
numbers() { # without trailing zeros, which a program on the way may drop
    awk -F'\t' -v OFS='\t' '{ for (i = 6; i <= 8; i++) if ($i ~ /\./) { sub(/0+$/, "", $i); sub(/\.$/, "", $i) } print }' "$1" | sort -u
}
numbers "$tmp/expected" >"$tmp/expected.n"
numbers "$tmp/found" >"$tmp/found.n"
is "differences to the tidy table" "$(diff "$tmp/expected.n" "$tmp/found.n" | head -n 5)" ""
is "readings" "$(wc -l <"$tmp/found")" 162840

# --- what README.md of the set says of single files
run 0 backbone readings ls --indicator chronically_absent_students --period 2018-19 -o json
json '[.[] | select(.disaggregation | startswith("race="))] | [length, (map(select(.status == "ok")) | length, (map(.value) | add)), (map(select(.status == "suppressed")) | length)]' '[1242,831,104848,411]'
run 0 backbone readings ls --indicator chronic_absenteeism_rate --period 2018-19 -o json
json '[.[] | select(.disaggregation | startswith("race="))] | [length, (map(select(.status == "ok")) | length), (map(select(.status == "suppressed")) | length)]' '[1242,503,739]'
run 0 backbone readings ls --indicator suspended_students --period 2019-20 -o json
json '[.[] | select(.place != "State of Connecticut")] | [length, (map(select(.status == "ok")) | length, (map(.value) | add)), (map(select(.status == "suppressed")) | length), (map(select(.status == "not_applicable")) | length)]' '[1247,350,25506,402,495]'
run 0 backbone readings ls --indicator sbac_ela_met_or_exceeded --period 2018-19 --disaggregation grade=3 -o json
json '[.[] | select(.place != "State of Connecticut")] | [length, (map(select(.status == "ok")) | length), (map(.numerator // 0) | add), (map(select(.status == "ok") | .denominator) | add)]' '[180,149,19395,35823]'
json '.[] | select(.place == "State of Connecticut") | [.numerator, .denominator, .value]' '[19819,36512,54.3]'

# again, and nothing changes
name=$(awk 'NR == 40 { print $2 }' "$tmp/counts")
run 0 backbone import "$(find "$data/raw" -name "$name")" --map "$maps/$(map_of "$name").json" -o json
counts created=0 updated=0 rejected=0
finish
