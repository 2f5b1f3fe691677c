# shellcheck shell=bash
# What the scripts in this folder share: versions, places, and how they speak. Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

TARGET=wasm32-unknown-unknown
TRUNK_VERSION=0.21.14
# The generator must equal the library to the patch, so the lock file decides.
BINDGEN_VERSION=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)

# Tools are kept outside of the clone, by version: the next clone finds them. Delete the folder to start afresh.
CACHE=${FIREDRILL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/firedrill}
TRUNK_HOME=$CACHE/trunk-$TRUNK_VERSION
BINDGEN_HOME=$CACHE/wasm-bindgen-$BINDGEN_VERSION
# shellcheck disable=SC2034 # used by those who source this
LOGS=$ROOT/target/log

say() { printf '%s\n' "$*"; }
die() { printf '\n%s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# heartbeat LABEL LOG: while something long runs, says every 30 s that it does, and what it last said. Stop it by its id, $!.
heartbeat() {
  local began=$SECONDS
  # Whoever reads this script's output must not have to wait for a last sleep.
  while sleep 30 >/dev/null 2>&1; do
    printf '      … %s: %d s: %s\n' "$1" $((SECONDS - began)) "$(tail -n 1 "$2" 2>/dev/null | tr -d '\r' | cut -c 1-90)"
  done
}

# The tools of this project come before whatever else has their names.
PATH=$TRUNK_HOME/bin:$BINDGEN_HOME/bin:$ROOT/node_modules/.bin:$PATH
export PATH

has_trunk() { [ "$(trunk --version 2>/dev/null)" = "trunk $TRUNK_VERSION" ]; }
has_bindgen() { [ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $BINDGEN_VERSION" ]; }
has_npm_packages() { cmp -s package-lock.json node_modules/.firedrill-lock; }

# True if the default toolchain itself builds for wasm, as rustup's does once it has the target.
has_own_target() { compgen -G "$(rustc --print sysroot)/lib/rustlib/$TARGET/lib/libstd-*.rlib" >/dev/null; }

# The folder of the toolchain that set-up makes of Debian's packages where rustup can fetch nothing.
debian_toolchain() {
  [ -x /usr/bin/rustc ] || return 1
  local version
  version=$(/usr/bin/rustc --version | awk '{ print $2 }')
  printf '%s/rust-%s\n' "$CACHE" "$version"
}

# Puts a toolchain that builds for wasm on PATH; false if there is none yet.
use_wasm_toolchain() {
  has_own_target && return
  local made
  made=$(debian_toolchain) && [ -e "$made/complete" ] || return 1
  # clippy-driver asks the environment where the libraries are; rustc is told by its wrapper.
  export PATH="$made/bin:$PATH" SYSROOT="$made"
}

# Prints the browser that the tests drive; false if there is none.
find_browser() {
  if [ -n "${CHROMIUM:-}" ]; then
    have "$CHROMIUM" || die "CHROMIUM names no program: $CHROMIUM"
    command -v "$CHROMIUM"
    return
  fi
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome microsoft-edge \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "$HOME/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge"; do
    have "$name" && command -v "$name" && return
  done
  return 1
}
