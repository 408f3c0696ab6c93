#!/bin/sh
# Installs the real Claude Code, Codex and pi, in the versions that the recordings under
# crates/backends/fixtures were made with, into target/real-clis. Nothing outside that folder is written, nobody is
# signed in, and no test that uses them speaks to a vendor. Without a registry it says so and ends well: the tests
# that need the programs then print why they were skipped.
#
#   scripts/real-clis.sh              install what is missing of these three, which the tests use
#   scripts/real-clis.sh all          and the others that were recorded: Gemini CLI, opencode, Copilot CLI, the
#                                     adapters for Claude Code and Codex, Qwen Code and Kilo in folders of their own,
#                                     and aider and mini-swe-agent, each in a Python environment of its own
#   FAIRTRIAL_SKIP_REAL_CLIS=1 ...    do nothing
set -eu

CLAUDE_CODE=2.1.197
CODEX=0.169.0
PI=0.73.1

# Names and versions as their vendors publish them; none is guessed.
LIGHTEST="@anthropic-ai/claude-code@$CLAUDE_CODE @openai/codex@$CODEX @mariozechner/pi-coding-agent@$PI"
OTHERS="@google/gemini-cli@0.61.0 opencode-ai@1.18.33 @github/copilot@1.0.102 \
@agentclientprotocol/claude-agent-acp@0.49.0 @agentclientprotocol/codex-acp@2.6.0"

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
prefix=${CARGO_TARGET_DIR:-$root/target}/real-clis
bin=$prefix/node_modules/.bin

skip() {
    echo "real programs: skipped: $1"
    exit 0
}

# All three must start and say that they are what we ask for.
ready() {
    [ "$("$bin/claude" --version 2>/dev/null | cut -d ' ' -f 1)" = "$CLAUDE_CODE" ] &&
        [ "$("$bin/codex" --version 2>/dev/null | cut -d ' ' -f 2)" = "$CODEX" ] &&
        [ "$("$bin/pi" --version 2>&1)" = "$PI" ]
}

# One Python program in an environment of its own: its name, then what pip installs.
python_program() {
    name=$1
    shift
    [ -x "$prefix/$name/bin/$name" ] || {
        echo "real programs: installing $* with pip into $prefix/$name"
        python3 -m venv "$prefix/$name" && "$prefix/$name/bin/pip" install --quiet "$@" >>"$prefix/install.log" 2>&1
    } || echo "real programs: skipped: pip cannot install $* (see $prefix/install.log)"
}

# One npm program in a folder of its own, without install scripts: its name, then what npm installs.
npm_program() {
    name=$1
    shift
    [ -e "$prefix/$name/node_modules/.bin/$name" ] || {
        echo "real programs: installing $* with npm into $prefix/$name"
        mkdir -p "$prefix/$name" && npm install --prefix "$prefix/$name" --ignore-scripts --no-audit --no-fund \
            --no-update-notifier --no-save --fetch-retries=1 --fetch-timeout=60000 "$@" >>"$prefix/install.log" 2>&1
    } || echo "real programs: skipped: npm cannot install $* (see $prefix/install.log)"
}

# Says of each other program whether it starts.
others() {
    for program in gemini opencode copilot claude-agent-acp codex-acp; do
        if [ -e "$bin/$program" ]; then echo "real programs: $program is in $bin"; else echo "real programs: $program is missing"; fi
    done
    for program in qwen kilo; do
        if [ -e "$prefix/$program/node_modules/.bin/$program" ]; then
            echo "real programs: $program is in $prefix/$program/node_modules/.bin"
        else
            echo "real programs: $program is missing"
        fi
    done
    for program in aider mini; do
        if [ -x "$prefix/$program/bin/$program" ]; then
            echo "real programs: $program is in $prefix/$program/bin"
        else
            echo "real programs: $program is missing"
        fi
    done
}

install_others() {
    mkdir -p "$prefix"
    # With the three, since npm removes what it is not told of.
    # shellcheck disable=SC2086
    npm install --prefix "$prefix" --no-audit --no-fund --no-update-notifier --no-save \
        --fetch-retries=1 --fetch-timeout=60000 \
        $LIGHTEST $OTHERS >>"$prefix/install.log" 2>&1 ||
        echo "real programs: npm cannot install all of them (see $prefix/install.log)"
    npm_program qwen @qwen-code/qwen-code@0.15.10
    # Its program is a package of its own for each platform, here in an older version than what starts it.
    case $(uname -sm) in
        "Linux x86_64") npm_program kilo @kilocode/cli@7.8.1 @kilocode/cli-linux-x64@7.7.9 ;;
        *) npm_program kilo @kilocode/cli@7.8.1 ;;
    esac
    python_program aider aider-chat==0.86.2
    # It does not start without mcp, which it does not ask for.
    python_program mini mini-swe-agent==2.4.6 mcp
    others
}

report() {
    echo "real programs: Claude Code $CLAUDE_CODE, Codex $CODEX and pi $PI are in $prefix ($(du -sh "$prefix" | cut -f 1)$1)"
}

[ -z "${FAIRTRIAL_SKIP_REAL_CLIS:-}" ] || skip "FAIRTRIAL_SKIP_REAL_CLIS is set"
if [ "${1:-}" = all ]; then
    command -v npm >/dev/null 2>&1 || skip "npm is not installed"
    install_others
fi
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
echo "real programs: installing Claude Code $CLAUDE_CODE, Codex $CODEX and pi $PI with npm (about 800 MB) into $prefix"
began=$(date +%s)
log=$prefix/install.log
# shellcheck disable=SC2086
if ! npm install --prefix "$prefix" --no-audit --no-fund --no-update-notifier --no-save \
    --fetch-retries=1 --fetch-timeout=60000 \
    $LIGHTEST >"$log" 2>&1; then
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
