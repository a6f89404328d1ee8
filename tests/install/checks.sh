# Sourced by the tests of this folder: check, which counts, and $work, a folder that
# goes with the test.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
check() { # check WHAT COMMAND...
  local what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
  else
    echo "failed: $what"
    cat "$work/log"
    echo "$passed passed, 1 failed"
    exit 1
  fi
}
