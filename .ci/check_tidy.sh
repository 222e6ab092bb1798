#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over the source files of ours, as scripts/build compiles them: several as one, so that
# their headers are read once. By day a third of them, another one every day; TIERWALL_TIDY=all takes
# all, seven minutes of a core.
set -uo pipefail
cd "$(dirname "$0")/.."
build=build/release
[ -f "$build/compile_commands.json" ] || { echo "tidy: run scripts/build first"; exit 1; }
find "$build"/{dataplane,control,proto} -path '*/Unity/unity_*.cxx' \
  ! -path '*verify_interface*' ! -path '*tw_proto_services*' | sort > "$build/tidy-files"
if [ "${TIERWALL_TIDY:-}" != all ]; then
  awk -v part=$(($(date +%s) / 86400 % 3)) 'NR % 3 == part' "$build/tidy-files" \
    > "$build/tidy-part" && mv "$build/tidy-part" "$build/tidy-files"
fi
[ -s "$build/tidy-files" ] || { echo "tidy: $build was not made by scripts/build"; exit 1; }
files=$(xargs cat < "$build/tidy-files" | grep -c '^#include')
# gcc knows a warning that clang does not; an including file is what this is about.
if xargs -a "$build/tidy-files" -n 1 -P 2 clang-tidy-14 -p "$build" --quiet \
    --extra-arg=-Wno-unknown-warning-option --checks=-bugprone-suspicious-include \
    --header-filter='/(dataplane|control|proto)/[a-z_/]*\.[ch]pp$' \
    > "$build/tidy-found" 2> "$build/tidy-noise"; then
  echo "tidy: $files files are clean"
else
  grep -E 'error' "$build/tidy-found" "$build/tidy-noise" | sort -u | head -40
  echo "tidy: see above"
  exit 1
fi
