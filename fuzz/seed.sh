#!/bin/sh
# Fills fuzz/corpus/readers from the recordings: each with the byte of its back end in front.
#   fuzz/seed.sh && RUSTC_BOOTSTRAP=1 cargo fuzz run readers
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/readers
# In the order of BackendKind::ALL.
number=0
for kind in claude_code codex gemini qwen opencode kilo copilot droid pi cline aider mini_swe_agent cursor amp auggie goose kiro acp direct command sample; do
    find "../crates/backends/fixtures/$kind" -type f \( -name '*.jsonl' -o -name '*.txt' \) 2>/dev/null | sort | while read -r file; do
        name=$kind-$(basename "$(dirname "$file")")-$(basename "$file")
        # The program's side of a dialogue, without the frame of the recording.
        { printf "\\$(printf '%03o' "$number")"; sed -n 's/^{"dir":"agent->client","msg":\(.*\)}$/\1/p;/^{"dir":/!p' "$file"; } >"corpus/readers/$name"
    done
    number=$((number + 1))
done
ls corpus/readers | wc -l
