#!/usr/bin/env bash
# The firewall rules of the documentation: the kernel takes them, twice in a row, and they do what they say: who connects
# too often is dropped, other ports are closed.
no_sandbox=1
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
command -v nft >/dev/null || skip "nft is not there"
unshare -rn nft list ruleset >/dev/null 2>&1 || skip "no network namespace of our own here"

rules=$root/deploy/nftables/backbone.nft
in_namespace() {
    unshare -rn bash -c "$1"
}
run 0 in_namespace "nft -c -f '$rules'"
run 0 in_namespace "nft -f '$rules' && nft -f '$rules' && nft list table inet backbone"
like "enrolment has its port" "$out" 'tcp dport 7601 ct state new goto enrolment'
sed 's/ct count over/ct counts over/' "$rules" >"$tmp/broken.nft"
run 1 in_namespace "nft -c -f '$tmp/broken.nft'"

# The loopback stands for the world: without the line that lets it pass, and with fewer connections.
sed '/iif lo accept/d; s/200\/second burst 800/1\/second burst 5/' "$rules" >"$tmp/strict.nft"
run 0 in_namespace "ip link set lo up 2>/dev/null || ifconfig lo up; nft -f '$tmp/strict.nft'
for i in {1..20}; do timeout 0.05 bash -c 'exec 3<>/dev/tcp/127.0.0.1/7600' 2>/dev/null; done
timeout 0.1 bash -c 'exec 3<>/dev/tcp/127.0.0.1/7602' 2>/dev/null
nft -j list counters table inet backbone"
packets=$(jq '[.nftables[].counter | select(.name == "too_often").packets] | add' <<<"$out")
[ "$packets" -ge 10 ] && ok || not_ok "of 20 connections $packets packets were dropped" "$out"
finish
