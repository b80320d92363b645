#!/usr/bin/env bash
# A bad hour for subscribers: they are killed, stopped and cut off, broker and communication worker are killed, and
# each of them ends with exactly the messages of its filter, in order, once.
#
# BB_FAN_SUBSCRIBERS (200), BB_FAN_MESSAGES (20000), BB_FAN_RATE (500 a second), BB_FAN_SEED make it longer, denser, or
# the same again.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/fan/lib.sh"

fan_define
fan_drive --seed "${BB_FAN_SEED:-$RANDOM}" -- "$BB_STATE/start/broker" "$BB_STATE/start/communication"
run 0 fan_check
echo "$out"
finish
