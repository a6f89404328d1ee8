#!/bin/sh
# Compares what libtilesdk exports with api/symbols.txt and with the header.
# Usage: check_symbols.sh API_DIR NM LIBRARY [--update]
set -eu
api=$1
nm=$2
library=$3
golden=$api/symbols.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$nm" -D --defined-only --with-symbol-versions "$library" |
  awk '{ print $2, $3 }' | LC_ALL=C sort > "$work/symbols.txt"
# Unique symbols are shared by all libraries of a process; C++ ones clash.
if grep -E '^u |_Z|llvm|LLVM' "$work/symbols.txt"; then
  echo "these must not be exported"
  exit 1
fi
grep -o 'tsdk_[a-z0-9_]*(' "$api/include/tilesdk/tilesdk.h" | tr -d '(' |
  grep -v '^tsdk_make_' | LC_ALL=C sort -u > "$work/declared.txt"
sed 's/^[A-Z] //; s/@.*//' "$work/symbols.txt" | LC_ALL=C sort -u \
  > "$work/exported.txt"
diff -u "$work/declared.txt" "$work/exported.txt" || {
  echo "header and library differ"
  exit 1
}
if [ "${4:-}" = --update ]; then
  cp "$work/symbols.txt" "$golden"
  exit
fi
diff -u "$golden" "$work/symbols.txt" || {
  echo "the symbols changed; if that is meant, run: $0 $1 $2 $3 --update"
  exit 1
}
