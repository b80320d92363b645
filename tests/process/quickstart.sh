#!/usr/bin/env bash
# deploy/quickstart --once: status 0, and it says what it should.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

run 64 "$root/deploy/quickstart" --twice
run 0 env BB_SANDBOX_STRICT=1 "$root/deploy/quickstart" --once
like "ten partners" "$out" 'census-acs +666 new readings, 0 refused'
like "the trend of grade3-reading" "$out" '2018/2019.*32\.7'
like "with a sparkline" "$out" '[▁▂▃▄▅▆▇█]'
like "what to try next" "$out" 'backbone trend high-school-graduation --by place'

finish
