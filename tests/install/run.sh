#!/usr/bin/env bash
# Installs the build into a temporary prefix, moves the prefix, and builds and
# runs a C consumer twice: by pkg-config and by find_package. Checks that the
# consumer needs no LLVM and no Python.
#
#   tests/install/run.sh BUILD_DIR
set -euo pipefail
build=$(realpath "${1:?usage: run.sh BUILD_DIR}")
here=$(realpath "$(dirname "$0")")
. "$here/checks.sh"
no_foreign_libraries() {
  ldd "$1" | tee -a "$work/log"
  ! ldd "$1" | grep -qiE 'llvm|mlir|python|not found'
}

check "install" cmake --install "$build" --prefix "$work/first"
# The tree is relocatable: nothing may depend on where it was installed.
mv "$work/first" "$work/moved"
lib=$(dirname "$(find "$work/moved" -name 'libtilesdk.so' | head -1)")
export TILESDK_CACHE_DIR=$work/cache

export PKG_CONFIG_PATH=$lib/pkgconfig
check "pkg-config build" cc -std=c99 -Wall -Werror "$here/consumer.c" \
  -o "$work/by_pkg_config" $(pkg-config --cflags --libs tilesdk) \
  -Wl,-rpath,"$lib"
check "pkg-config consumer runs" "$work/by_pkg_config"
check "pkg-config consumer is free of LLVM and Python" \
  no_foreign_libraries "$work/by_pkg_config"

check "find_package configure" cmake -S "$here/find_package" \
  -B "$work/consumer" -DCMAKE_PREFIX_PATH="$work/moved"
check "find_package build" cmake --build "$work/consumer"
check "find_package consumer runs" "$work/consumer/consumer"
check "find_package consumer is free of LLVM and Python" \
  no_foreign_libraries "$work/consumer/consumer"
check "installed command runs" "$work/moved/bin/tilesdk" doctor
echo "$passed passed, 0 failed"
