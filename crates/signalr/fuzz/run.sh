#!/bin/sh
# Fuzzes every parser, or the targets named as arguments, for FUZZ_SECONDS each (60).
#
# Coverage comes from LLVM through flags that every toolchain has; nothing but cargo and a C++ compiler is needed. What is found is kept under
# corpus/, failures and each target's output under artifacts/; seeds/ is where it begins.
set -eu
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-60}
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/fuzz"
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Clink-arg=-Wl,-z,nostart-stop-gc -Ccodegen-units=1 \
-Copt-level=2 -Cdebug-assertions"
host=$(rustc -vV | sed -n 's/^host: //p')
# With an explicit target the flags do not reach build scripts.
cargo build --quiet --bins --target "$host"
targets=${*:-"text_records binary_records json_messages messagepack_messages handshakes queries websocket_frames"}
for target in $targets; do
    mkdir -p "corpus/$target" "artifacts/$target"
    echo "fuzzing $target for $seconds s"
    log="artifacts/$target.log"
    status=0
    "$CARGO_TARGET_DIR/$host/debug/$target" "corpus/$target" "seeds/$target" \
        -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=512 \
        -artifact_prefix="artifacts/$target/" -print_final_stats=1 >"$log" 2>&1 || status=$?
    grep -E 'ERROR|panicked|bytes allocated|stat::number_of_executed|stat::new_units|SUMMARY' "$log" || true
    if [ -n "$(ls "artifacts/$target")" ]; then
        echo "$target failed: see artifacts/$target and $log" >&2
        exit 1
    fi
    # A target that cannot run, or is killed, leaves no artifact.
    if [ "$status" -ne 0 ]; then
        tail -n 20 "$log" >&2
        echo "$target ended with status $status: see $log" >&2
        exit 1
    fi
    if ! grep -Eq 'stat::number_of_executed_units: *[1-9]' "$log"; then
        echo "$target has executed nothing: see $log" >&2
        exit 1
    fi
done
