#!/usr/bin/env bash
# Runs a module against the simulated server again and again and counts the exit codes.
#   tests/repeat.sh RUNS AT_A_TIME [FLAGS ...]      MODEL=... chooses the module, revertrisk if unset
set -euo pipefail
cd "$(dirname "$0")/.."
runs=$1 at_a_time=$2
shift 2
cargo build --release --locked --quiet
export MODEL="${MODEL:-revertrisk}"
one() {
    target/release/windtunnel --sim --only-summary "$@" >/dev/null 2>&1
    echo "exit code $?"
}
export -f one
# One line a run: xargs passes the number on, which the run does not need.
seq "$runs" | xargs -P "$at_a_time" -I{} bash -c 'shift; one "$@"' _ {} "$@" | sort | uniq -c
