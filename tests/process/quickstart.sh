#!/usr/bin/env bash
# deploy/quickstart --once: status 0, and it says what it should.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

run 64 "$root/deploy/quickstart" --twice
run 0 env BB_SANDBOX_STRICT=1 LC_ALL=C.UTF-8 "$root/deploy/quickstart" --once
like "ten partners" "$out" 'census-acs +666 new readings, 0 refused'
like "the trend of grade3-reading" "$out" '2018/2019.*32\.7'
is "its own checks say nothing" "$(grep -c 'as of sequence' <<<"$out$err")" 1
like "with a sparkline" "$out" '[▁▂▃▄▅▆▇█]'
like "what to try next" "$out" 'backbone trend high-school-graduation --by place'

# Without --once it stays up until Ctrl-C, which is no failure. It has a process group of its own here, as on a terminal.
mkfifo "$tmp/says"
setsid env --default-signal=INT "$root/deploy/quickstart" >"$tmp/says" 2>&1 </dev/null &
group=$!
while read -r -t 60 line; do
    [[ $line != "Ctrl-C stops it"* ]] || break
done <"$tmp/says"
like "it stays up" "$line" '^Ctrl-C stops it'
kill -INT "-$group"
wait "$group"
is "Ctrl-C" $? 0
! kill -0 "-$group" 2>/dev/null && ok || not_ok "something runs on" "$(ps -o pid,args -g "$group")"

finish
