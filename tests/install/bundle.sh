#!/usr/bin/env bash
# Packs the build, unpacks it elsewhere and uses it there, without the variables
# of this machine.
#
#   tests/install/bundle.sh BUILD_DIR PYTHON
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
build=$(realpath "${1:?usage: bundle.sh BUILD_DIR PYTHON}")
python=$(realpath -s "${2:?usage: bundle.sh BUILD_DIR PYTHON}")
. "$root/tests/install/checks.sh"
there() {
  (cd "$work/bundle" && env -i PATH=/usr/bin:/bin HOME="$work" \
    PYTHON="$python" TILESDK_CACHE=0 "$@")
}
names_no_path() { # of this machine
  ! readelf -d "$work"/bundle/bin/* "$work"/bundle/lib/* \
    "$work"/bundle/python/tilesdk/*.so | grep -E "R(UN)?PATH.*$build"
}

check "pack" "$root/scripts/bundle" --no-build "$work/bundle.tar.gz"
check "unpack" tar -C "$work" -xzf "$work/bundle.tar.gz"
check "no path of this machine" names_no_path
check "command" there ./run bin/tilesdk --version
check "a sample in C" there ./run bin/sample_softmax samples/02_softmax
check "one case on the CPU" there ./run tests/end_to_end/run.py --device cpu \
  --jobs 1 'elementwise/add/f32'
check "one case on a simulated GPU" there ./run tests/end_to_end/run.py \
  --device sim:sm_80 --jobs 1 'elementwise/add/f32'
echo "$passed passed, 0 failed"
