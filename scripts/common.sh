# Sourced by the scripts beside it: strict shell, the repository's root as the current folder, and the few words that
# they share.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*"; }

# One sentence for whoever started the script, and the end.
fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# at_least VERSION WANTED
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

need_rust() {
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  command -v cargo >/dev/null ||
    fail "cargo is missing: install Rust $wanted or newer with rustup (https://rustup.rs)."
  have=$(rustc --version | cut -d ' ' -f 2)
  at_least "$have" "$wanted" ||
    fail "Rust $have is too old: run 'rustup update stable' to get $wanted or newer."
  command -v cc >/dev/null ||
    fail "A C compiler is missing: on Debian or Ubuntu run 'apt-get install build-essential'."
}

need_node() {
  local wanted=20.19 have
  { command -v node && command -v npm; } >/dev/null ||
    fail "Node is missing: install Node $wanted or newer, with npm (https://nodejs.org)."
  have=$(node --version)
  at_least "${have#v}" "$wanted" ||
    fail "Node $have is too old: install $wanted or newer (https://nodejs.org)."
}

# Where cargo puts what it builds.
target_dir() { printf '%s\n' "${CARGO_TARGET_DIR:-target}"; }

# The digest of the names and contents of the files named on standard input, each ended by a zero byte.
digest_of_files() {
  local sum=(sha256sum)
  command -v sha256sum >/dev/null || sum=(shasum -a 256)
  LC_ALL=C sort -z | xargs -0 "${sum[@]}" | "${sum[@]}"
}

# The path of a Chromium, or nothing.
chromium_path() {
  { type -P "${CHROMIUM:-chromium}" chromium-browser google-chrome || true; } | head -n 1
}
