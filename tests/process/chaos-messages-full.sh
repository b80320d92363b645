#!/usr/bin/env bash
# The disk is full: messages are refused with NOSPACE, lists are answered, work goes on by itself when there is room, and
# nothing that was answered is lost. On a small tmpfs in a mount namespace of its own; with a reserve, and without one, so
# that commits do fail.
export no_sandbox=1
. "$(dirname "$0")/lib.sh"
unset no_sandbox
if [ -z "${BB_TEST_INSIDE:-}" ]; then
    unshare -m true 2>/dev/null || skip "a small file system cannot be mounted here (unshare -m)"
    rm -r "$tmp"
    BB_TEST_INSIDE=1 BB_SANDBOX_STRICT=1 exec unshare -m "$root/deploy/sandbox" -- "$0"
fi

store=$BB_STATE/communication
disk=$tmp/disk
mkdir "$disk"
mount -t tmpfs -o size=32m,mode=0700 none "$disk" || skip "tmpfs cannot be mounted here"
bb-supervise stop communication
rm -r "$store"
ln -s "$disk" "$store"
head -c 60000 /dev/zero | tr '\0' x >"$tmp/body"

reserve() {
    bb-supervise stop communication
    sed -i '/^disk_reserve/d' "$BB_STATE/communication.conf"
    echo "disk_reserve = \"$1\"" >>"$BB_STATE/communication.conf"
    bb-supervise start communication
}

# fill LEFT: leave so many KiB
fill() {
    rm -f "$disk/filler"
    head -c $((($(df --output=avail -k "$disk" | tail -n 1) - $1) * 1024)) /dev/zero >"$disk/filler" 2>/dev/null
}

n=0
answered=()
publish() {
    n=$((n + 1))
    backbone announce create "message-$n" --to all --body "$tmp/body" --timeout 1 -o json >"$tmp/answer" 2>"$tmp/refusal" &&
        answered+=("message-$n")
}

# Was the last one refused for want of room? On a busy machine an answer may only come too late.
no_room() {
    grep -qE 'NOSPACE|room' "$tmp/refusal"
}

# full LEFT: with so little left they are refused before long, and then there is room again
full() {
    local i
    fill "$1"
    for i in {1..400}; do
        publish || ! no_room || break
    done
    like "they are refused" "$(cat "$tmp/refusal")" 'NOSPACE|room'
    run 0 backbone announce ls -o json
    run 0 backbone group ls
    rm "$disk/filler"
    soon 30 publish
    run 0 backbone announce ls -o json
    is "all that was answered is there" "$(comm -13 <(jq -r '.[].subject' <<<"$out" | sort) <(printf '%s\n' "${answered[@]}" | sort))" ""
}

reserve 4M
for _ in {1..5}; do
    publish
done
full 3000
reserve 0
full 200
bb-supervise kill communication
bb-supervise start communication
run 0 backbone announce ls -o json
is "and after a crash" "$(comm -13 <(jq -r '.[].subject' <<<"$out" | sort) <(printf '%s\n' "${answered[@]}" | sort))" ""
echo "$n tried, ${#answered[@]} answered"
bb-supervise stop communication
umount "$disk"
finish
