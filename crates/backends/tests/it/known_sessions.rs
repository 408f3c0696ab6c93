//! What was measured when the recordings were made: the same conversation, counted once each token, and how each ended.

use fairtrial_backends::StoppedBy;
use fairtrial_domain::assistant::BackendKind;
use fairtrial_domain::usage::UsageSource;

use crate::golden::{consumption, end_of, fixture};

/// Uncached, cached, written, output, reasoning; and millionths of a dollar.
type Counts = ([Option<u64>; 5], Option<u64>);

fn counted(kind: BackendKind, name: &str) -> Counts {
    let all = consumption(&fixture(kind, name));
    let (usage, cost) = all.last().unwrap_or_else(|| panic!("{name} tells of no consumption"));
    let counts = [usage.input_uncached, usage.cache_read, usage.cache_write, usage.output, usage.reasoning];
    (counts, cost.as_ref().map(|cost| (cost.usd * 1e6).round() as u64))
}

#[test]
fn the_same_conversation_is_counted_alike_whatever_the_program_calls_it() {
    use BackendKind::{
        Acp, ClaudeCode, Cline, Codex, Copilot, Droid, Gemini, Kilo, MiniSweAgent, Opencode, Pi, Qwen,
    };
    let some = Some;
    for (kind, name, written, output, reasoning, cost) in [
        (ClaudeCode, "2.1.197/fix.jsonl", some(1300), some(190), None, some(15_015)),
        (Codex, "0.169.0/fix.jsonl", some(0), some(142), some(48), None),
        // Thoughts stand beside its output.
        (Gemini, "0.61.0/fix.jsonl", None, some(190), some(48), None),
        (Qwen, "0.15.10/fix.jsonl", None, some(190), None, None),
        (Opencode, "1.18.33/fix.jsonl", some(0), some(142), some(48), some(10_140)),
        (Kilo, "7.7.9/fix.jsonl", some(0), some(142), some(48), some(10_140)),
        (Copilot, "1.0.102/fix.jsonl", some(0), some(142), some(48), None),
        (Droid, "0.215.0/fix.jsonl", some(0), some(190), None, None),
        (Droid, "0.215.0/killed.jsonl", some(0), some(190), None, None),
        (Pi, "0.73.1/fix.jsonl", some(0), some(190), None, some(10_140)),
        (Cline, "3.0.65/fix.jsonl", some(0), some(190), None, None),
        (Cline, "3.0.65/lying.jsonl", some(0), some(190), None, None),
        (MiniSweAgent, "2.4.6/fix.txt", None, some(142), some(48), None),
        (Acp, "claude-agent-acp-0.49.0/fix.jsonl", some(1300), some(190), None, some(15_015)),
        (Acp, "codex-acp-2.6.0/fix.jsonl", some(0), some(142), some(48), None),
        (Acp, "copilot-1.0.102/fix.jsonl", some(0), some(142), some(48), None),
    ] {
        let counts = ([some(2100), some(3300), written, output, reasoning], cost);
        assert_eq!(counted(kind, name), counts, "{kind:?} {name}");
    }
}

#[test]
fn what_a_program_does_not_tell_stays_unknown() {
    use BackendKind::{Acp, Aider};
    let none = [None; 5];
    // The answer to its prompt counts the last step only; its cost counts all.
    for name in ["opencode-1.18.33/fix.jsonl", "kilo-7.7.9/fix.jsonl"] {
        assert_eq!(counted(Acp, name), (none, Some(10_140)), "{name}");
    }
    for name in ["qwen-0.15.10/fix.jsonl", "zed-codex-acp-0.16.0/fix.jsonl", "cline-3.0.65/signed-out.jsonl"]
    {
        assert_eq!(counted(Acp, name), (none, None), "{name}");
    }
    // Its input contains an unknown share that a cache served.
    assert_eq!(counted(Acp, "gemini-0.61.0/fix.jsonl"), ([None, None, None, Some(190), None], None));
    let aider = consumption(&fixture(Aider, "0.86.2/fix.txt"));
    let [(usage, None)] = aider.as_slice() else { panic!("{aider:?}") };
    assert_eq!((usage.output, usage.input_uncached, usage.source), (Some(40), None, UsageSource::Rounded));
    for name in ["401.jsonl", "429.jsonl", "500.jsonl", "refused.jsonl", "killed.jsonl"] {
        assert_eq!(consumption(&fixture(BackendKind::Copilot, &format!("1.0.102/{name}"))), vec![], "{name}");
    }
}

#[test]
fn each_recording_ends_as_it_really_did() {
    use BackendKind::{Acp, Aider, Cline, Copilot, Droid, Gemini, Kilo, MiniSweAgent, Opencode, Pi, Qwen};
    use StoppedBy::{Itself, Stall};
    const AUTH: &str = "infra Vendor(Auth)";
    const LIMIT: &str = "infra Vendor(RateLimit)";
    const SERVER: &str = "infra Vendor(Server)";
    const NETWORK: &str = "infra Vendor(Network)";
    const CUT: &str = "Crashed { reason: \"exited with code 1 before it said that it was done\" }";
    for (kind, name, stopped, expected) in [
        (Gemini, "0.61.0/fix.jsonl", Itself, "Finished"),
        (Gemini, "0.61.0/401.jsonl", Itself, AUTH),
        (Gemini, "0.61.0/killed.jsonl", Itself, CUT),
        (Gemini, "0.61.0/killed.jsonl", Stall, "Stalled"),
        (Qwen, "0.15.10/fix.jsonl", Itself, "Finished"),
        // Both said success and left with code 0.
        (Qwen, "0.15.10/401.jsonl", Itself, AUTH),
        (Qwen, "0.15.10/refused.jsonl", Itself, NETWORK),
        (Opencode, "1.18.33/fix.jsonl", Itself, "Finished"),
        (Opencode, "1.18.33/401.jsonl", Itself, AUTH),
        (Opencode, "1.18.33/429.jsonl", Itself, LIMIT),
        (Opencode, "1.18.33/killed.jsonl", Itself, CUT),
        (Kilo, "7.7.9/fix.jsonl", Itself, "Finished"),
        (Copilot, "1.0.102/fix.jsonl", Itself, "Finished"),
        (Copilot, "1.0.102/fix-telemetry.jsonl", Itself, "Finished"),
        (Copilot, "1.0.102/401.jsonl", Itself, AUTH),
        (Copilot, "1.0.102/429.jsonl", Itself, LIMIT),
        (Copilot, "1.0.102/500.jsonl", Itself, SERVER),
        (Copilot, "1.0.102/refused.jsonl", Itself, NETWORK),
        (Copilot, "1.0.102/killed.jsonl", Itself, CUT),
        (Droid, "0.215.0/fix.jsonl", Itself, "Finished"),
        (Droid, "0.215.0/401.jsonl", Itself, AUTH),
        (Droid, "0.215.0/refused.jsonl", Itself, NETWORK),
        // It went on to its end although its tool was interrupted.
        (Droid, "0.215.0/killed.jsonl", Itself, "Finished"),
        (Pi, "0.73.1/fix.jsonl", Itself, "Finished"),
        // All of these left with code 0.
        (Pi, "0.73.1/401.jsonl", Itself, AUTH),
        (Pi, "0.73.1/429.jsonl", Itself, LIMIT),
        (Pi, "0.73.1/500.jsonl", Itself, SERVER),
        (Pi, "0.73.1/refused.jsonl", Itself, NETWORK),
        (Pi, "0.73.1/killed.jsonl", Itself, CUT),
        (Cline, "3.0.65/fix.jsonl", Itself, "Finished"),
        // What it says of its work is for the checks to judge.
        (Cline, "3.0.65/lying.jsonl", Itself, "Finished"),
        (MiniSweAgent, "2.4.6/fix.txt", Itself, "Finished"),
        // Without a last word its exit code is all there is.
        (Aider, "0.86.2/fix.txt", Itself, "Crashed { reason: \"exited with code 1\" }"),
        (Acp, "claude-agent-acp-0.49.0/fix.jsonl", Itself, "Finished"),
        (Acp, "codex-acp-2.6.0/fix.jsonl", Itself, "Finished"),
        (Acp, "zed-codex-acp-0.16.0/fix.jsonl", Itself, "Finished"),
        (Acp, "gemini-0.61.0/fix.jsonl", Itself, "Finished"),
        (Acp, "qwen-0.15.10/fix.jsonl", Itself, "Finished"),
        (Acp, "opencode-1.18.33/fix.jsonl", Itself, "Finished"),
        (Acp, "kilo-7.7.9/fix.jsonl", Itself, "Finished"),
        (Acp, "copilot-1.0.102/fix.jsonl", Itself, "Finished"),
        (Acp, "droid-0.215.0/no-connection.jsonl", Itself, NETWORK),
        (Acp, "cline-3.0.65/signed-out.jsonl", Itself, AUTH),
    ] {
        assert_eq!(end_of(kind, name, stopped).0, expected, "{kind:?} {name}");
    }
}
