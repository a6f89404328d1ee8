#!/bin/sh
# Compares offset and size of every public struct with api/layout.txt.
# Usage: check_layout.sh API_DIR CLANG [--update]
set -eu
api=$1
clang=$2
golden=$api/layout.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/test.c" << 'END'
#include "tilesdk/tilesdk.h"
#include "tilesdk/tilesdk_plugin.h"
END
# Each line: offset, type, field; then the size of the whole.
"$clang" -std=c11 -target x86_64-unknown-linux-gnu -I"$api/include" \
  -fsyntax-only -Xclang -fdump-record-layouts-complete "$work/test.c" |
  awk '/^\*\*\* Dumping AST Record Layout/ { keep = 0; next }
       /^ +0 \| (struct|union) / { keep = /tsdk_/ }
       keep && !/^$/ { sub(/ at [^)]*/, ""); print }' > "$work/layout.txt"
[ "$(grep -c '^ *0 | struct tsdk_' "$work/layout.txt")" -ge 20 ]
if [ "${3:-}" = --update ]; then
  cp "$work/layout.txt" "$golden"
  exit
fi
diff -u "$golden" "$work/layout.txt" || {
  echo "the layout changed; if that is meant, run: $0 $1 $2 --update"
  exit 1
}
