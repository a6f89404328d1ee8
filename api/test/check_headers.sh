#!/bin/sh
# Compiles each public header alone in every dialect, warnings as errors.
# Usage: check_headers.sh INCLUDE_DIR C_COMPILER...
set -eu
include=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
for compiler in "$@"; do
  case $compiler in
  *NOTFOUND) continue ;;
  esac
  clang=
  if "$compiler" --version | grep -qi clang; then clang=1; fi
  for header in "$include"/tilesdk/*.h; do
    echo "#include \"tilesdk/$(basename "$header")\"" > "$work/test.c"
    for std in c99 c11 c17 c2x c++98 c++11 c++17 c++20 c++23; do
      case $std in
      c++*) language=c++ ;;
      *) language=c ;;
      esac
      flags="-x $language -std=$std -Wall -Wextra -Wpedantic -Werror"
      if [ -n "$clang" ]; then
        # What is left out warns of using a dialect at all, of C in C++, or of
        # pointers.
        flags="$flags -Weverything
          -fcomment-block-commands=thread,blocks,since,owns,errors
          -Wno-unsafe-buffer-usage -Wno-pre-c11-compat -Wno-pre-c23-compat
          -Wno-declaration-after-statement -Wno-c++-compat
          -Wno-c++98-compat -Wno-c++98-compat-pedantic
          -Wno-c++98-compat-extra-semi -Wno-old-style-cast
          -Wno-zero-as-null-pointer-constant -Wno-c++-keyword"
      else
        flags="$flags -Wpadded -Wconversion -Wshadow"
      fi
      # shellcheck disable=SC2086
      "$compiler" $flags -fsyntax-only -I"$include" "$work/test.c" || {
        echo "failed: $compiler -std=$std $(basename "$header")"
        exit 1
      }
      count=$((count + 1))
    done
  done
done
echo "$count compilations"
# Three headers, nine dialects, at least one compiler.
[ "$count" -ge 27 ]
