#!/usr/bin/env bash
# What is installed stands alone: the daemons and the command line run without the build tree, and a program is
# compiled against the library by pkg-config and by CMake, reports a reading and reads it back. The installed files are
# those that are promised, and the shared library shows what backbone.h declares and nothing else.
#
# This runs twice: outside it installs into a temporary folder and starts a sandbox of the installed binaries; within,
# it uses them.
no_sandbox=1
. "$(dirname "$0")/lib.sh"

if [ -z "${BB_TEST_PREFIX:-}" ]; then
    export BB_TEST_PREFIX=$tmp/usr
    run 0 cmake --install "$BB_BUILD" --prefix "$BB_TEST_PREFIX"
    # A sandbox takes its binaries from one folder; bb-supervise is a tool of the tests and is not installed.
    mkdir -p "$tmp/build/bin"
    ln -s "$BB_TEST_PREFIX"/bin/* "$BB_TEST_PREFIX"/sbin/* "$BB_BUILD/bin/bb-supervise" "$tmp/build/bin"
    export BB_TEST_BUILD=$BB_BUILD
    BB_BUILD=$tmp/build BB_SANDBOX_STRICT=1 "$root/deploy/sandbox" -- "$0"
    is "within the sandbox" $? 0
    finish
fi

prefix=$BB_TEST_PREFIX
libdir=$(dirname "$(find "$prefix" -name libbackbone.so)")
is "the daemon is the installed one" "$(realpath "$(command -v backbone-broker)")" "$(realpath "$prefix/sbin/backbone-broker")"

# ---- files
for file in bin/backbone sbin/backbone-broker sbin/backbone-measurement sbin/backbone-communication include/backbone.h \
    include/backbone/client.h \
    share/doc/backbone/examples/broker.conf share/doc/backbone/examples/measurement.conf \
    share/doc/backbone/examples/communication.conf; do
    run 0 test -s "$prefix/$file"
done
for page in "$BB_TEST_BUILD"/man/*.[1-8]; do
    [ -e "$page" ] || continue # built without scdoc
    run 0 cmp "$page" "$prefix/share/man/man${page##*.}/${page##*/}"
done
is "the soname" "$(readelf -d "$libdir/libbackbone.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')" libbackbone.so.0
for file in "$prefix"/bin/* "$prefix"/sbin/* "$libdir/libbackbone.so"; do
    unlike "$file has a path to libraries" "$(readelf -d "$file")" 'R(UN)?PATH'
    unlike "what $file needs" "$(ldd "$file")" "not found|$BB_TEST_BUILD"
done

is "backbone.h includes each header of its folder" \
    "$(sed -n 's/^#include "\(backbone\/.*\)".*/\1/p' "$prefix/include/backbone.h" | sort)" \
    "$(cd "$prefix/include" && ls backbone/*)"

# ---- symbols
grep -oh '^BB_API .*bb_[a-z_]\+(' "$prefix"/include/backbone/*.h | grep -o 'bb_[a-z_]\+($' | tr -d '(' | sort -u >"$tmp/declared"
nm -D --defined-only "$libdir/libbackbone.so" | awk '$2 ~ /[A-Z]/ { print $3 }' | sort -u >"$tmp/shown"
like "functions that backbone.h declares" "$(wc -l <"$tmp/declared")" '^[0-9]{2,3}$'
run 0 diff "$tmp/declared" "$tmp/shown"

# ---- a program
cflags=()
if ldd "$libdir/libbackbone.so" | grep -q libasan; then
    cflags=(-fsanitize=address,undefined)
fi
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -r -a flags < <(pkg-config --cflags --libs backbone)
is "cflags: our headers alone" "$(realpath -m "$(pkg-config --cflags backbone | sed 's/^-I//; s/ *$//')")" "$prefix/include"
like "libs: what is within is private" "$(pkg-config --libs backbone)" '^-L[^ ]* -lbackbone *$'
like "unless it is linked statically" "$(pkg-config --static --libs backbone)" '-lzmq -lsodium -lprotobuf-c'
example=$prefix/share/doc/backbone/examples/report.c
run 0 cc -std=c11 -Wall -Wextra -Werror "${cflags[@]}" -o "$tmp/shared" "$example" "${flags[@]}"
# shellcheck disable=SC2046
run 0 cc -std=c11 "${cflags[@]}" -I"$prefix/include" -o "$tmp/static" "$example" "$libdir/libbackbone.a" \
    $(pkg-config --libs libzmq libsodium libprotobuf-c) -pthread

mkdir "$tmp/cmake"
cat >"$tmp/cmake/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(example LANGUAGES C)
find_package(backbone 0.1 REQUIRED)
add_executable(example $example)
target_link_libraries(example backbone::backbone)
END
run 0 cmake -S "$tmp/cmake" -B "$tmp/cmake/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="${cflags[*]}"
run 0 cmake --build "$tmp/cmake/build"

define_sample
partner shelton 'Shelton schools'
export LD_LIBRARY_PATH=$libdir
for program in shared static cmake/build/example; do
    run 0 "$tmp/$program" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$tmp/shelton.key"
    is "$program" "$out" '2018/2019 22.9'
done
run 69 "$tmp/shared" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$BB_STATE/keys/server"
like "an unknown key" "$err" 'key'

# the other example
subscriber=$prefix/share/doc/backbone/examples/subscriber.c
run 0 cc -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror "${cflags[@]}" -o "$tmp/subscriber" "$subscriber" "${flags[@]}"
# a row that is refused is a failure
sed 's/"2018-19"/"2018-99"/' "$example" >"$tmp/refused.c"
run 0 cc -std=c11 "${cflags[@]}" -o "$tmp/refused" "$tmp/refused.c" "${flags[@]}"
run 65 "$tmp/refused" "$BB_ENDPOINT" "$BB_SERVER_KEY" "$tmp/shelton.key"
like "it says why" "$err" 'row 0, period: .*2018-99'
unset LD_LIBRARY_PATH
run 0 backbone readings history grade3-reading --period 2018-19 --organization shelton --json
json 'length' 1
finish
