#!/bin/sh
# Installs the real Claude Code and the real Codex, in the versions that the recordings under
# crates/backends/fixtures were made with, into target/real-clis. Nothing outside that folder is written, nobody is
# signed in, and no test that uses them speaks to a vendor. Without a registry it says so and ends well: the tests
# that need the programs then print why they were skipped.
#
#   scripts/real-clis.sh              install what is missing
#   FAIRTRIAL_SKIP_REAL_CLIS=1 ...    do nothing
set -eu

CLAUDE_CODE=2.1.197
CODEX=0.169.0

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
prefix=${CARGO_TARGET_DIR:-$root/target}/real-clis
bin=$prefix/node_modules/.bin

skip() {
    echo "real programs: skipped: $1"
    exit 0
}

# Both must start and say that they are what we ask for.
ready() {
    [ "$("$bin/claude" --version 2>/dev/null | cut -d ' ' -f 1)" = "$CLAUDE_CODE" ] &&
        [ "$("$bin/codex" --version 2>/dev/null | cut -d ' ' -f 2)" = "$CODEX" ]
}

report() {
    echo "real programs: Claude Code $CLAUDE_CODE and Codex $CODEX are in $prefix ($(du -sh "$prefix" | cut -f 1)$1)"
}

[ -z "${FAIRTRIAL_SKIP_REAL_CLIS:-}" ] || skip "FAIRTRIAL_SKIP_REAL_CLIS is set"
if ready; then
    report ""
    exit 0
fi
command -v npm >/dev/null 2>&1 || skip "npm is not installed"

mkdir -p "$prefix"
# One at a time: two `make test` must not install over each other.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$prefix/.lock"
    flock 9
    if ready; then
        report ""
        exit 0
    fi
fi
echo "real programs: installing Claude Code $CLAUDE_CODE and Codex $CODEX with npm (about 640 MB) into $prefix"
began=$(date +%s)
log=$prefix/install.log
if ! npm install --prefix "$prefix" --no-audit --no-fund --no-update-notifier --no-save \
    --fetch-retries=1 --fetch-timeout=60000 \
    "@anthropic-ai/claude-code@$CLAUDE_CODE" "@openai/codex@$CODEX" >"$log" 2>&1; then
    if grep -Eq 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|SOCKET_TIMEOUT|E404|ETARGET|ENOTCACHED|E5[0-9][0-9]' "$log"; then
        skip "npm cannot reach a registry that has them (see $log)"
    fi
    cat "$log" >&2
    echo "real programs: npm could not install them: see above, or set FAIRTRIAL_SKIP_REAL_CLIS=1" >&2
    exit 1
fi
# Where npm runs no install scripts, Claude Code's own puts its program in place.
if ! ready && command -v node >/dev/null 2>&1; then
    (cd "$prefix/node_modules/@anthropic-ai/claude-code" && node install.cjs) >>"$log" 2>&1 || true
fi
if ! ready; then
    echo "real programs: they were installed and do not start: see $log, or set FAIRTRIAL_SKIP_REAL_CLIS=1" >&2
    exit 1
fi
report ", $(($(date +%s) - began)) s"
