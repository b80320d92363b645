#!/usr/bin/env bash
# Folders are layers (docs/ARCHITECTURE.md): a file includes its own folder and the layers below it, nothing else.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

# A layer a line, with what it may include; `backbone` is the library's public header in its parts.
layers() {
    cat <<'END'
proto
runtime proto
broker proto runtime
client/lib proto runtime backbone
client/formats/text proto runtime
client/formats/map proto runtime backbone client/lib text
client/formats/read proto runtime backbone client/lib text map
client/formats/plan proto runtime backbone client/lib text map read
client/formats/write proto runtime backbone client/lib text
client/formats/metadata proto runtime backbone client/lib text
client/formats/suggest proto runtime backbone client/lib text map read
client/formats proto runtime backbone client/lib client/formats
client/cli proto runtime client/lib client/formats backbone
workers/communication proto runtime
workers/measurement/model proto runtime
workers/measurement/store proto runtime model
workers/measurement/apply proto runtime model store
workers/measurement/write proto runtime model store apply
workers/measurement/query proto runtime model store
workers/measurement/follow proto runtime model store query
workers/measurement proto runtime workers/measurement
END
}

# files LAYER: of it and its folders, but for those that are layers themselves
files() {
    local layer=$1 inner
    inner=$(layers | awk -v of="$layer/" 'index($1, of) == 1 { print $1 }')
    find "$layer" -name '*.[ch]' | while read -r file; do
        for folder in $inner; do
            [[ $file == "$folder"/* ]] && continue 2
        done
        echo "$file"
    done
}

# astray TREE: every include that its folder must not have, and every file that is in no layer
astray() (
    cd "$1" || exit
    layers | while read -r layer below; do
        allowed="$layer/"
        for folder in $below; do
            for layers_of in workers/measurement client/formats; do
                [[ $layer == "$layers_of"/* && -d $layers_of/$folder ]] && folder=$layers_of/$folder
            done
            allowed+="|$folder/"
        done
        files "$layer" | xargs grep -HoE '^#include "[^"]*/[^"]*"' | grep -vE ":#include \"($allowed)"
    done
    comm -13 <(layers | while read -r layer _; do files "$layer"; done | sort) \
        <(find proto runtime broker client workers -name '*.[ch]' | sort)
)

is "includes that go up or aside" "$(astray "$root")" ''

# and it is found out
mkdir "$tmp/tree"
(cd "$root" && cp -r proto runtime broker client workers "$tmp/tree")
echo '#include "workers/measurement/query/query.h"' >>"$tmp/tree/workers/measurement/store/views.h"
is "up" "$(astray "$tmp/tree")" 'workers/measurement/store/views.h:#include "workers/measurement/query/query.h"'
sed -i '$d' "$tmp/tree/workers/measurement/store/views.h"
echo '#include "workers/communication/log.h"' >>"$tmp/tree/broker/main.c"
is "aside" "$(astray "$tmp/tree")" 'broker/main.c:#include "workers/communication/log.h"'
sed -i '$d' "$tmp/tree/broker/main.c"
mkdir "$tmp/tree/workers/third"
touch "$tmp/tree/workers/third/new.c"
is "in no layer" "$(astray "$tmp/tree")" 'workers/third/new.c'
finish
