# What the benchmarks' scripts share.
#
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BB_BUILD:-$root/build}

# prepare TARGET...: build them; $build/... has them, and $folder is an empty folder that goes away at the end.
prepare() {
    "$root/deploy/dependencies" build bench
    if [ ! -e "$build/build.ninja" ] && [ ! -e "$build/Makefile" ]; then
        BB_BUILD=$build "$root/deploy/build"
    fi
    # The libraries of the peers may have come after the configuration.
    { cmake -S "$root" -B "$build" && cmake --build "$build" --parallel --target "$@"; } >"$build/bench.log" 2>&1 || {
        tail -n 40 "$build/bench.log" >&2
        exit 1
    }
    case $(sed -n 's/^BB_SANITIZE:BOOL=//p; s/^CMAKE_BUILD_TYPE:STRING=//p' "$build/CMakeCache.txt" | tr '\n' ' ') in
        *ON* | *Debug*) echo "$build is not optimized, or built with sanitizers: the figures mean nothing" >&2 ;;
    esac
    folder=$(mktemp -d "${BB_BENCH_FOLDER:-/var/tmp}/bb-bench.XXXXXX")
    trap 'rm -rf -- "$folder"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # PostgreSQL's cluster belongs to another user when we are root.
    chmod 711 "$folder"
    if [ "$(stat -f -c %T "$folder")" = tmpfs ]; then
        echo "$folder is in memory: name a folder on a disk in BB_BENCH_FOLDER" >&2
    fi
}
