#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that every source file is formatted as .clang-format says.
set -uo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(git ls-files -co --exclude-standard '*.hpp' '*.cpp')
existing=(); for file in "${files[@]}"; do [ -f "$file" ] && existing+=("$file"); done
if printf '%s\0' "${existing[@]}" | xargs -0 -n 16 -P 2 clang-format-14 --dry-run --Werror; then
  echo "format: ${#existing[@]} files are formatted"
else
  echo "format: run clang-format-14 -i on the files above"
  exit 1
fi
