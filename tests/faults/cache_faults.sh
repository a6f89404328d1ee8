#!/usr/bin/env bash
# What may befall the disk cache between two runs: a killed writer, a read-only
# directory, a full disk, damaged entries. After each the next run must give the
# right result, with at most a warning.
#
#   tests/faults/cache_faults.sh CONSUMER    (tests/install/consumer.c, built)
set -uo pipefail
consumer=$(realpath "${1:?usage: cache_faults.sh CONSUMER}")
work=$(mktemp -d)
mounted=
cleanup() {
  [ -n "$mounted" ] && umount "$mounted"
  chmod -R u+w "$work"
  rm -rf "$work"
}
trap cleanup EXIT
passed=0 failed=0 skipped=0
expect() { # expect WHAT COMMAND...: the command must succeed
  local what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "failed: $what (exit $?)"
    sed 's/^/    /' "$work/log"
  fi
}
entries() { find "$TILESDK_CACHE_DIR" -type f | wc -l; }

# A killed writer: kill at many moments of a cold build, then run again.
for delay in 0.005 0.01 0.02 0.03 0.05 0.08 0.12 0.2; do
  export TILESDK_CACHE_DIR=$work/killed
  rm -rf "$TILESDK_CACHE_DIR"
  { timeout -s KILL "$delay" "$consumer"; } >/dev/null 2>&1
  expect "run after a kill at $delay s" "$consumer"
done
# Nothing half-written stays after a good run: a second look finds only entries
# that verify.
expect "a third run reads what the second wrote" "$consumer"

# Damaged entries: each file cut short, emptied, and with bytes flipped.
export TILESDK_CACHE_DIR=$work/damaged
expect "fill the cache" "$consumer"
[ "$(entries)" -gt 0 ] || { echo "failed: the cache is empty"; failed=$((failed + 1)); }
for file in $(find "$TILESDK_CACHE_DIR" -type f); do
  size=$(stat -c %s "$file")
  for keep in 0 7 $((size / 2)) $((size - 1)); do
    truncate -s "$keep" "$file"
    expect "run with $(basename "$file") cut to $keep bytes" "$consumer"
  done
  for offset in 0 8 24 64 $((size / 2)) $((size - 1)); do
    [ -f "$file" ] || "$consumer" >/dev/null 2>&1
    [ -f "$file" ] && printf '\xff\x00\xa5' |
      dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
    expect "run with $(basename "$file") damaged at $offset" "$consumer"
  done
done

# A cache directory that cannot be written, and one that cannot be made.
export TILESDK_CACHE_DIR=$work/readonly
mkdir -p "$TILESDK_CACHE_DIR"
chmod a-w "$TILESDK_CACHE_DIR"
expect "read-only cache directory" "$consumer"
export TILESDK_CACHE_DIR=/proc/tilesdk/cannot/exist
expect "cache directory that cannot be made" "$consumer"
touch "$work/file"
export TILESDK_CACHE_DIR=$work/file
expect "cache path that is a file" "$consumer"

# A full disk: a small tmpfs.
export TILESDK_CACHE_DIR=$work/small/cache
mkdir -p "$work/small"
if mount -t tmpfs -o size=8k tmpfs "$work/small" 2>/dev/null; then
  mounted=$work/small
  expect "full disk" "$consumer"
  expect "full disk again" "$consumer"
else
  skipped=$((skipped + 1))
  echo "skipped: full disk on a tmpfs (may not mount)"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
