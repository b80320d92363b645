#!/usr/bin/env bash
# A file to fill in: what was reported last time, without the values; filled in, it is imported.
. "$(dirname "$0")/lib.sh"

header=indicator,organization,place,disaggregation,period,value,numerator,denominator,status,comment
run_text 'code,name,frequency\nreach,Reach,school_year\nspeed,"Speed, of all",monthly\n' 0 backbone indicator define -
run_text 'name,alias\nDanbury,\n"Bethel, CT",Bethel\n' 0 backbone place import -
partner alpha Alpha
partner beta Beta

# nothing reported yet: one empty row each
run 0 as alpha template reach speed
is "empty rows" "$out" "$header"$'\nreach,alpha,,,,,,,,\nspeed,alpha,,,,,,,,'
run 0 as alpha template reach --period 2025-26 --place Danbury
is "an empty row of a place" "$out" "$header"$'\nreach,alpha,Danbury,,2025-26,,,,,'

# what the last period has, and of the own organization only
run_text 'indicator,place,disaggregation,period,value,status\nreach,,,2023-24,1,\nreach,Danbury,race=White,2024-25,0,\nreach,"Bethel, CT",,2024-25,,missing\nreach,Danbury,,2024-25,3,\n' \
    0 as alpha import -
run 0 as beta report reach 9 --period 2025-26 --place Danbury
run 0 as alpha template Reach --period 2025-26
is "the rows of last time" "$(sort <<<"$out")" "$(printf '%s\n' "$header" 'reach,alpha,Danbury,,2025-26,,,,,' \
    'reach,alpha,Danbury,race=White,2025-26,,,,,' 'reach,alpha,"Bethel, CT",,2025-26,,,,,' | sort)"
run 0 as alpha template reach --place Bethel --place "" -o json
json 'map([.place, .period, .value])' '[["Bethel, CT",null,null],["",null,null]]'
run 0 backbone template reach --organization beta
is "staff for another one" "$out" "$header"$'\nreach,beta,Danbury,,,,,,,'

# a period that has not begun is not what was reported last
run 0 as alpha report speed 1 --period 2026-01 --place Danbury
run 0 as alpha report speed 1 --period 2206-01 --place Bethel
like "a warning" "$err" "found '2206-01', expected of '[a-z-]+' a period that has begun: this one begins on 2206-01-01 .NOT_BEGUN"
run 0 as alpha template speed
is "the last one that has begun" "$out" "$header"$'\nspeed,alpha,Danbury,,,,,,,'
run 0 as alpha readings withdraw speed --place Danbury --period 2026-01 --reason entry_error
run 0 as alpha readings withdraw speed --place Bethel --period 2206-01 --reason entry_error

# there and back: filled in, imported, and the next template is the same
run 0 as alpha template reach speed --period 2025-26
cp "$tmp/out" "$tmp/first"
sed -E '/^reach/s/2025-26,,,/2025-26,7,,/' "$tmp/first" | grep -v '^speed' >"$tmp/filled"
run 0 as alpha import "$tmp/filled" -o json
counts rows=3 created=3 rejected=0
run 0 as alpha template reach speed --period 2025-26
is "the same again" "$out" "$(cat "$tmp/first")"
run 65 as alpha import "$tmp/first" -o json
counts rows=4 rejected=4
run 0 as alpha template reach --period 2026-27 -o jsonl
sed 's/"value": *null/"value":8/' "$tmp/out" >"$tmp/filled.jsonl"
run 0 as alpha import "$tmp/filled.jsonl" -o json
counts rows=3 created=3 rejected=0

run 64 as alpha template
run 64 as alpha template reach --period ''
run 64 as alpha template reach --period 2024..2025
run 64 as alpha template reach --organization ''
run 65 as alpha template nope
run 65 as alpha template reach --place nowhere
run 65 as alpha template reach --organization nobody
run 77 as alpha template reach --organization beta
finish
