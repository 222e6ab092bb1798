#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy: what every packet runs through, and whatever changed in the last commits.
#
#   .ci/check_tidy.sh [--all]     --all: every source file of ours
set -uo pipefail
cd "$(dirname "$0")/.."
database=build/release
[ -f "$database/compile_commands.json" ] || { echo "tidy: run scripts/build first"; exit 1; }
recent=5  # commits
if [ "${1:-}" = --all ] || ! base=$(git rev-parse -q --verify "HEAD~$recent"); then
  base=
fi
{
  git ls-files dataplane/{parse,flow,identity,tier,verdict}'/*.cpp'
  if [ "${1:-}" = --all ]; then git ls-files 'dataplane/*.cpp' 'control/*.cpp' 'proto/*.cpp'
  elif [ -n "$base" ]; then
    git diff --name-only --diff-filter=d "$base" -- 'dataplane/*.cpp' 'control/*.cpp' 'proto/*.cpp'
  fi
} | sort -u > "$database/tidy-files"
if xargs -a "$database/tidy-files" -n 4 -P 2 clang-tidy-14 -p "$database" --quiet \
    2> "$database/tidy-noise"; then
  echo "tidy: $(wc -l < "$database/tidy-files") files are clean"
else
  grep -E 'error' "$database/tidy-noise" | head -20
  echo "tidy: see above"
  exit 1
fi
