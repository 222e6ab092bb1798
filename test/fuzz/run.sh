#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a fuzz target for TIERWALL_FUZZ_SECONDS (default 60) on the committed corpus. New inputs are
# kept in the build folder; inputs that fail are left there too and named in the output.
# Usage: run.sh PROGRAM CORPUS FOUND [libFuzzer's options]
set -eu
program=$1 corpus=$2 found=$3
shift 3
mkdir -p "$found/corpus"
exec "$program" -max_total_time="${TIERWALL_FUZZ_SECONDS:-60}" -max_len=4096 -timeout=10 \
    -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$found/" "$@" "$found/corpus" "$corpus"
