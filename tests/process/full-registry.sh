#!/usr/bin/env bash
# The disk of the registry and the audit log is full: partners change nothing any more, and staff can still keep somebody
# out, in the room that is kept for that. On a small tmpfs in a mount namespace of its own; the control is a broker whose
# room was taken away.
export no_sandbox=1
. "$(dirname "$0")/lib.sh"
unset no_sandbox
if [ -z "${BB_TEST_INSIDE:-}" ]; then
    unshare -m true 2>/dev/null || skip "a small file system cannot be mounted here (unshare -m)"
    rm -r "$tmp"
    BB_TEST_INSIDE=1 BB_SANDBOX_STRICT=1 exec unshare -m "$root/deploy/sandbox" -- "$0"
fi

disk=$tmp/disk
mkdir "$disk"
mount -t tmpfs -o size=4m,mode=0700 none "$disk" || skip "tmpfs cannot be mounted here"
bb-supervise stop broker
cp -r "$BB_STATE/registry" "$disk/registry"
sed -i '/^registry/d' "$BB_STATE/broker.conf"
echo "registry = \"$disk/registry\"" >>"$BB_STATE/broker.conf"
bb-supervise start broker
reserve=$disk/audit.log.reserve

# fill: leave nothing
fill() {
    dd if=/dev/zero of="$disk/filler" bs=4096 oflag=append conv=notrunc status=none 2>/dev/null
    dd if=/dev/zero of="$disk/filler" bs=1 oflag=append conv=notrunc status=none 2>/dev/null
    true
}

for who in alpha beta gamma; do partner "$who" "$who"; done
[ "$(stat -c %s "$reserve")" -eq 1048576 ] && ok || not_ok "room is kept" "$(ls -l "$disk")"
fill

# --- a partner gets nothing of it
run 75 as alpha --timeout 1 keys rotate
like "why" "$err" NOSPACE
[ -e "$reserve" ] && ok || not_ok "the room is still kept"

# --- staff does
run 0 backbone partner revoke beta
run 77 as beta ping
run 0 backbone partner set gamma --disable
run 77 as gamma ping
run 0 backbone audit --verify
like "it is said" "$(tail -n 20 "$BB_STATE/broker.log")" 'the room that was kept is used'

# --- and it is kept again when there is room
rm "$disk/filler"
for _ in {1..50}; do
    [ -e "$reserve" ] && break
    sleep 0.1
done
[ -e "$reserve" ] && ok || not_ok "room is kept again"
run 0 as alpha keys rotate

# --- without it they could not
rm "$reserve"
fill
run 75 backbone --timeout 1 partner revoke alpha
like "why" "$err" NOSPACE
run 0 as alpha ping
rm "$disk/filler"
bb-supervise stop broker
cd / && umount "$disk"
finish
