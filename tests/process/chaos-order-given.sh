#!/usr/bin/env bash
# Between a question and an answer that gives its asker something new there is a whole commit of the record of what was
# given. A question whose answer is recorded already costs none. And a record that does not sync is caught.
. "$(dirname "$0")/lib.sh"
. "$root/tests/process/chaos/lib.sh"
need_strace

bb-supervise stop communication # it is told of the indicator, too
partner alpha Alpha --share-own-line
run_text 'code,name\nsigned,Unmistakable\n' 0 backbone indicator define -
run 0 as alpha report signed 1 --period 2026
for i in 1 2 3; do
    partner "asker-$i" "Asker $i"
done
bb-supervise stop measurement

# traced NAME: the worker under strace while three partners ask, and ask again; with the indicator's name in each answer
traced() {
    worker_as "${fault:+env BB_FAULT=$fault}" strace -f -y -s 4096 -e signal=none \
        -e trace=sendto,fdatasync,pwrite64,writev -o "$tmp/trace-$1"
    run 0 bb-supervise start measurement
    for i in 1 2 3 1 2 3; do
        run 0 as "asker-$i" trend signed -o json
    done
    run 0 bb-supervise stop measurement
}

# order NAME: the answers, each as "late" when no commit of the record stands between it and the answer before
order() {
    awk '/given\/data\.mdb/ && /fdatasync/ { synced = 1 }
         /given\/data\.mdb/ && /pwrite64|writev/ && synced { commit = 1 }
         /sendto/ && /Unmistakable/ { print commit ? "recorded" : "late"; synced = commit = 0 }' "$tmp/trace-$1"
}

traced whole
is "the first answers are recorded, the same again need not be" "$(order whole | xargs)" \
    "recorded recorded recorded late late late"

# another value: what is recorded has to be recorded again
run 0 bb-supervise start measurement
run 0 as alpha report signed 2 --period 2026
run 0 bb-supervise stop measurement
worker_binary=$faulty
fault=nosync traced nosync
is "a record that is not synced is caught" "$(order nosync | xargs)" "late late late late late late"
finish
