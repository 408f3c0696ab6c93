//! The small assistant on every API that it speaks, against a scripted server: it repairs a file with tools, counts
//! tokens alike, waits when it is told to, tries again after an answer that broke off, and gives up where it must.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd};
use fairtrial_domain::usage::Usage;
use fairtrial_testkit::{Failure, ModelServer, Repo, Script, Step, Tool, calculator};

/// Every API, with the variable that holds its key.
const APIS: [(&str, &str); 5] = [
    ("anthropic", "ANTHROPIC_API_KEY"),
    ("responses", "OPENAI_API_KEY"),
    ("chat", "OPENAI_API_KEY"),
    ("gemini", "GEMINI_API_KEY"),
    ("converse", "AWS_BEARER_TOKEN_BEDROCK"),
];
const KEY: &str = "planted-key-1";

struct Session {
    repo: Repo,
    server: ModelServer,
    events: Vec<EventKind>,
    took: Duration,
}

fn session(api: &str, script: Script, env: &[(&str, &str)], more: &[&str]) -> Session {
    let (repo, server) = (calculator().unwrap(), ModelServer::start(script).unwrap());
    let url = match api {
        "responses" | "chat" => server.openai_url(),
        _ => server.plain_url(),
    };
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fairtrial-direct"))
        .args(["--api", api, "--model", "scripted-model", "--base-url", &url])
        .args(more)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", repo.path().join(".git"))
        .envs(env.iter().copied())
        .current_dir(repo.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"add() is wrong: repair it").unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(KEY), "the key is told");
    let events = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Session { repo, server, events, took: started.elapsed() }
}

impl Session {
    /// Returns the file that its steps are saved in.
    fn saved(&self) -> PathBuf {
        let folder = self.repo.path().join(".git/.fairtrial-direct");
        let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let first = files.next().unwrap();
        assert_eq!(files.next(), None);
        first
    }

    fn end(&self) -> &StreamEnd {
        match self.events.last() {
            Some(EventKind::Ended { end }) => end,
            other => panic!("it ended with {other:?}: {:?}", self.events),
        }
    }

    fn usage(&self) -> &Usage {
        self.events
            .iter()
            .rev()
            .find_map(|event| if let EventKind::Usage { usage, .. } = event { Some(usage) } else { None })
            .unwrap()
    }

    fn is_repaired(&self) -> bool {
        fs::read_to_string(self.repo.path().join("calc.py")).unwrap().contains("a + b")
    }

    fn retries(&self) -> Vec<FaultKind> {
        let retry =
            |event: &EventKind| if let EventKind::Retry { fault, .. } = event { Some(*fault) } else { None };
        self.events.iter().filter_map(retry).collect()
    }
}

#[test]
fn every_api_repairs_the_file_and_counts_alike() {
    let said = Script::calculator_fix().tokens();
    for (api, key) in APIS {
        let session = session(api, Script::calculator_fix(), &[(key, KEY)], &[]);
        assert_eq!(session.end(), &StreamEnd::Completed, "{api}");
        assert!(session.is_repaired(), "{api}: {:?}", session.events);
        let asked = session.server.requests();
        assert!(asked.iter().all(|request| request.key.as_deref() == Some(KEY)), "{api}");
        let usage = session.usage();
        let (input, written) = match api {
            // Gemini knows no tokens that a cache takes in.
            "gemini" => (said.uncached + said.written, None),
            _ => (said.uncached, Some(said.written)),
        };
        let (output, reasoning) = match api {
            "anthropic" | "converse" => (said.output + said.reasoning, None),
            _ => (said.output, Some(said.reasoning)),
        };
        let got = (usage.input_uncached, usage.cache_read, usage.cache_write, usage.output, usage.reasoning);
        assert_eq!(got, (Some(input), Some(said.cached), written, Some(output), reasoning), "{api}");
        assert_eq!(usage.requests, Some(4), "{api}");
        let saved = session.saved();
        assert_eq!(
            fs::read_to_string(saved).unwrap().lines().count(),
            8,
            "{api}: what it was told, four answers, three tools"
        );
    }
}

#[test]
fn what_a_model_signed_goes_back_to_it_as_it_came() {
    for (api, key, at) in [
        ("gemini", "GEMINI_API_KEY", "/contents/1/parts/2/thoughtSignature"),
        (
            "converse",
            "AWS_BEARER_TOKEN_BEDROCK",
            "/messages/1/content/0/reasoningContent/reasoningText/signature",
        ),
    ] {
        let session = session(api, Script::calculator_fix(), &[(key, KEY)], &[]);
        let second = session.server.requests().swap_remove(1).body;
        assert_eq!(second.pointer(at).and_then(|s| s.as_str()), Some("c2lnbmVk"), "{api}: {second}");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    for (api, key) in APIS {
        let script = Script::calculator_fix().failing(1, Failure::RateLimited { retry_after: 1 });
        let session = session(api, script, &[(key, KEY)], &[]);
        assert_eq!(
            (session.end(), session.retries()),
            (&StreamEnd::Completed, vec![FaultKind::RateLimit]),
            "{api}"
        );
        assert!(session.took >= Duration::from_secs(1), "{api} took {:?}", session.took);
        assert!(session.is_repaired(), "{api}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    for (api, key) in APIS {
        let script = Script::calculator_fix().failing(1, Failure::CloseMidway);
        let session = session(api, script, &[(key, KEY)], &[]);
        assert_eq!(
            (session.end(), session.retries()),
            (&StreamEnd::Completed, vec![FaultKind::Network]),
            "{api}"
        );
        assert!(session.is_repaired(), "{api}");
    }
}

#[test]
fn a_refused_key_is_not_tried_again() {
    for (api, key) in APIS {
        let script = Script::calculator_fix().failing(u64::MAX, Failure::Unauthorized);
        let session = session(api, script, &[(key, KEY)], &[]);
        let message = "status 401: invalid key (scripted)".to_owned();
        assert_eq!(session.end(), &StreamEnd::Error { fault: FaultKind::Auth, message }, "{api}");
        assert_eq!(session.server.requests().len(), 1, "{api}");
    }
}

#[test]
fn it_stops_at_its_limits() {
    let env = [("ANTHROPIC_API_KEY", KEY)];
    let steps = session("anthropic", Script::calculator_fix(), &env, &["--max-steps", "2"]);
    assert_eq!((steps.end(), steps.server.requests().len()), (&StreamEnd::TurnLimit, 2));
    // The first answer alone costs 0.0024 at a dollar per million of anything.
    let money = ["--max-usd", "0.002", "--price", "1,1,1,1"];
    let money = session("anthropic", Script::calculator_fix(), &env, &money);
    assert_eq!((money.end(), money.server.requests().len()), (&StreamEnd::BudgetLimit, 1));
}

#[test]
fn explicit_credentials_sign_each_request() {
    let env = [("AWS_ACCESS_KEY_ID", "planted-access"), ("AWS_SECRET_ACCESS_KEY", "planted-secret-1")];
    let session = session("converse", Script::calculator_fix(), &env, &["--region", "eu-west-1"]);
    assert_eq!(session.end(), &StreamEnd::Completed);
    for request in session.server.requests() {
        let signed = request.key.unwrap();
        assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=planted-access/"), "{signed}");
        assert!(
            signed.contains("/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date"),
            "{signed}"
        );
        assert!(!signed.contains("planted-secret"));
    }
}

#[test]
fn what_the_model_runs_is_not_given_the_key() {
    let run = Tool::Run { command: "printenv; tr '\\0' '\\n' < /proc/$PPID/environ; echo looked".to_owned() };
    let script = || Script::new(vec![Step::call("I look around.", run.clone()), Step::say("Done.")]);
    for (api, name) in APIS {
        // The helper looks for the key in all that is told.
        let session = session(api, script(), &[(name, KEY)], &[]);
        assert_eq!(session.end(), &StreamEnd::Completed, "{api}");
        let told = |event: &EventKind| matches!(event, EventKind::ToolResult { output, .. } if output.contains("looked"));
        assert!(session.events.iter().any(told), "{api}: {:?}", session.events);
        let saved = session.saved();
        assert!(!fs::read_to_string(saved).unwrap().contains(KEY), "{api}");
    }
}
