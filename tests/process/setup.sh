#!/usr/bin/env bash
# Setting up by hand, as README.md says: keys, the example configurations, the first staff member by the operators'
# socket. The examples say the defaults.
no_sandbox=1
. "$(dirname "$0")/lib.sh"
export PATH="$BB_BUILD/bin:$PATH" BACKBONE_CONFIG_DIR=$tmp/client

# --- the examples, moved below $tmp
umask 077
mkdir -p "$tmp/start" "$tmp/etc" "$tmp/registry" "$tmp/measurement" "$tmp/communication" "$tmp/run"
for name in broker measurement communication; do
    sed "s|/etc/backbone|$tmp/etc|; s|/var/lib/backbone|$tmp|; s|/run/backbone|$tmp/run|; s|0\.0\.0\.0:7600|127.0.0.1:*|
        s|^#runtime|runtime|" "$root/deploy/$name.conf" >"$tmp/etc/$name.conf"
done
run 0 backbone keys new "$tmp/etc/server.key"
server_key=$out
for name in broker measurement communication; do
    run 0 "backbone-$name" --check-config -c "$tmp/etc/$name.conf"
    run 0 "backbone-$name" --print-config -c "$tmp/etc/$name.conf"
    printed=$(grep -v '^#' <<<"$out" | tr -d "'\"" | sort)
    sed 's/^#\([a-z_]* = \)/\1/' "$tmp/etc/$name.conf" >"$tmp/all.conf"
    run 0 "backbone-$name" --print-config -c "$tmp/all.conf"
    is "deploy/$name.conf names the defaults" "$(grep -v '^#' <<<"$out" | tr -d "'\"" | sort)" "$printed"
    is "deploy/$name.conf names every option" "$(grep -c '^[a-z_]* = ' "$tmp/all.conf")" "$(grep -c ' = ' <<<"$printed")"
done

# --- start, and let the first staff member in
for name in broker measurement communication; do
    printf '#!/bin/sh\nexec backbone-%s -c %s\n' "$name" "$tmp/etc/$name.conf" >"$tmp/start/$name"
    chmod +x "$tmp/start/$name"
done
cat >"$tmp/scenario" <<'END'
set -e
backbone context add operator --endpoint "ipc://$1/run/admin.sock"
key=$(backbone keys new "$1/me.key")
backbone --context operator partner add office --name 'Backbone office' --role staff --key "$key"
backbone context add work --endpoint "$(cat "$1/run/endpoint")" --server-key "$2" --key "$1/me.key"
backbone context select work
backbone ping
printf 'code,name\nx,X\n' | backbone indicator define -
backbone report x 1 --period 2026
backbone trend x -o csv
backbone announce create Hello --to all >/dev/null
backbone announce ls -o json
END
run 0 bb-supervise --folder "$tmp" --run "$tmp/run" --strict --program "$tmp/start/broker" --program "$tmp/start/measurement" \
    --program "$tmp/start/communication" -- \
    bash "$tmp/scenario" "$tmp" "$server_key"
like "it answers" "$out" '2026,1,'
like "it announces" "$out" 'Hello'
finish
