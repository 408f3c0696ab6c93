//! The real Claude Code and the real Codex against the scripted model server: they repair a real file, and our
//! readers count what they really used. Where they are not installed, each test prints why it was skipped.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::print_stdout,
    reason = "why a test was skipped, and what a session said, belong to its output"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fairtrial_backends::{
    Input, Launch, LaunchSpec, ProcessExit, Progress, StoppedBy, backend, known, samples,
};
use fairtrial_domain::assistant::{Assistant, BackendKind};
use fairtrial_domain::event::{EventKind, FaultKind, StreamEnd, ToolKind};
use fairtrial_domain::outcome::{Ending, InfraFault};
use fairtrial_domain::usage::{CostSource, UsageSource};
use fairtrial_testkit::{CODEX_MODEL, Failure, ModelServer, Program, Repo, Script, calculator, real_program};

/// Longer than any of these sessions on a busy machine; a session that takes longer is stopped and fails its test.
const PATIENCE: Duration = Duration::from_secs(180);

struct Session {
    events: Vec<EventKind>,
    raw: String,
    ending: Ending,
    repo: Repo,
    server: ModelServer,
}

fn assistant(kind: BackendKind, server: &ModelServer) -> Assistant {
    let (model, url) = if kind == BackendKind::Codex {
        (CODEX_MODEL, server.openai_url())
    } else {
        ("claude-sonnet-4-5", server.anthropic_url())
    };
    let aster = samples().remove(0);
    Assistant {
        backend: kind,
        args: vec![],
        sample: false,
        model: Some(model.to_owned()),
        base_url: Some(url),
        ..aster
    }
}

fn spawn(launch: &Launch, workspace: &Path, home: &Path) -> Child {
    // In the home, not above it: Codex refuses a home in what it takes for the temporary folder.
    let temporary = home.join("tmp");
    fs::create_dir_all(&temporary).unwrap();
    for (path, contents) in &launch.files {
        let file = home.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, contents).unwrap();
    }
    let mut child = Command::new(&launch.argv[0])
        .args(&launch.argv[1..])
        .current_dir(workspace)
        .process_group(0)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("TMPDIR", temporary)
        .env("LANG", "C.UTF-8")
        .env("TERM", "dumb")
        .envs(&launch.env)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    if let Input::Text(text) = &launch.stdin {
        stdin.write_all(text.as_bytes()).unwrap();
    }
    child
}

/// Runs the real program, or returns `None` and says why not.
fn run(kind: BackendKind, script: Script) -> Option<Session> {
    let known = known().iter().find(|known| known.backend == kind).unwrap();
    let program = match real_program(known.program) {
        Program::Found { path, .. } => path,
        Program::Missing { reason } => {
            println!("skipped: {reason}");
            return None;
        }
    };
    let (repo, server) = (calculator().unwrap(), ModelServer::start(script).unwrap());
    let home = tempfile::tempdir().unwrap();
    let assistant = assistant(kind, &server);
    let secrets = BTreeMap::from([(known.keys[0].to_owned(), "invented-key".to_owned())]);
    let launch = backend(kind)
        .launch(&LaunchSpec {
            assistant: &assistant,
            instruction: "The tests fail. Repair the code.",
            program: &program,
            workspace: repo.path(),
            home: home.path(),
            secrets: &secrets,
            env: &BTreeMap::new(),
            meter: None,
            resume: None,
        })
        .unwrap();
    let mut child = spawn(&launch, repo.path(), home.path());
    let (events, raw, stopped) = listen(kind, &mut child);
    let status = child.wait().unwrap();
    let mut progress = Progress::new(kind);
    for event in &events {
        progress.see(event);
    }
    let ending = progress.ending(stopped, ProcessExit { code: status.code(), signal: None });
    for request in server.requests() {
        println!("{} {} {} step {:?}", request.method, request.path, request.status, request.step);
    }
    println!("{raw}");
    Some(Session { events, raw, ending, repo, server })
}

/// Reads the session until it ends by itself, retries for the second time, or patience is at its end.
fn listen(kind: BackendKind, child: &mut Child) -> (Vec<EventKind>, String, StoppedBy) {
    let (send, receive) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let mut stderr = child.stderr.take().unwrap();
    let stderr = std::thread::spawn(move || {
        let mut text = String::new();
        drop(stderr.read_to_string(&mut text));
        text
    });
    let mut reader = backend(kind).reader();
    let (mut events, mut raw, mut stopped) = (vec![], String::new(), StoppedBy::Itself);
    loop {
        match receive.recv_timeout(PATIENCE) {
            Ok(line) => {
                events.extend(reader.stdout(&line));
                raw.push_str(&line);
                raw.push('\n');
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => stopped = StoppedBy::TimeLimit,
        }
        let retries = events.iter().filter(|event| matches!(event, EventKind::Retry { .. })).count();
        if retries >= 2 {
            stopped = StoppedBy::Stall;
        }
        if stopped != StoppedBy::Itself {
            // The whole group: Codex is started by a script that would die alone.
            let group = format!("-{}", child.id());
            assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
            break;
        }
    }
    if stopped == StoppedBy::Itself {
        println!("{}", stderr.join().unwrap());
    }
    (events, raw, stopped)
}

fn repaired(session: &Session) {
    assert_eq!(session.ending, Ending::Finished);
    assert_eq!(session.repo.read("calc.py").unwrap(), "def add(a, b):\n    return a + b\n");
    let unread: Vec<_> = session.events.iter().filter(|e| matches!(e, EventKind::Unparsed { .. })).collect();
    assert!(unread.is_empty(), "{unread:?}");
    assert!(matches!(session.events.last(), Some(EventKind::Ended { end: StreamEnd::Completed })));
    let kinds: Vec<ToolKind> = session
        .events
        .iter()
        .filter_map(|event| if let EventKind::ToolCall { kind, .. } = event { Some(*kind) } else { None })
        .collect();
    assert!(kinds.contains(&ToolKind::Edit) && kinds.contains(&ToolKind::Execute), "{kinds:?}");
    let steps: Vec<usize> = session.server.requests().iter().filter_map(|request| request.step).collect();
    assert_eq!(steps, [0, 1, 2, 3]);
    assert!(
        session
            .server
            .requests()
            .iter()
            .all(|r| r.step.is_none() || r.key.as_deref() == Some("invented-key"))
    );
    assert!(!session.raw.contains("invented-key"));
}

#[test]
fn claude_code_repairs_a_file_and_its_tokens_add_up() {
    let script = Script::calculator_fix();
    let tokens = script.tokens();
    let Some(session) = run(BackendKind::ClaudeCode, script) else { return };
    repaired(&session);
    let usage = session.events.iter().find_map(|event| {
        let EventKind::Usage { usage, cost } = event else { return None };
        Some((usage.clone(), cost.clone()))
    });
    let (usage, cost) = usage.unwrap();
    assert_eq!(usage.input_uncached, Some(tokens.uncached));
    assert_eq!(usage.cache_read, Some(tokens.cached));
    assert_eq!(usage.cache_write, Some(tokens.written));
    assert_eq!((usage.output, usage.reasoning), (Some(tokens.output + tokens.reasoning), None));
    assert_eq!((usage.requests, usage.source), (Some(4), UsageSource::Stream));
    assert_eq!(cost.map(|cost| cost.source), Some(CostSource::Reported));
}

#[test]
fn codex_repairs_a_file_and_its_tokens_add_up() {
    let script = Script::calculator_fix();
    let tokens = script.tokens();
    let Some(session) = run(BackendKind::Codex, script) else { return };
    repaired(&session);
    let usage = session.events.iter().find_map(|event| {
        let EventKind::Usage { usage, cost: None } = event else { return None };
        Some(usage.clone())
    });
    let usage = usage.unwrap();
    assert_eq!(usage.input_uncached, Some(tokens.uncached));
    assert_eq!(usage.cache_read, Some(tokens.cached));
    assert_eq!(usage.cache_write, Some(tokens.written));
    assert_eq!((usage.output, usage.reasoning), (Some(tokens.output), Some(tokens.reasoning)));
    assert_eq!(usage.source, UsageSource::Stream);
}

fn vendor_fault(kind: BackendKind, how: Failure, fault: FaultKind) {
    let Some(session) = run(kind, Script::calculator_fix().failing(u64::MAX, how)) else { return };
    let Ending::Infra { fault: InfraFault::Vendor(found), .. } = session.ending else {
        panic!("{:?} is no vendor's fault", session.ending)
    };
    assert_eq!(found, fault);
    assert_eq!(session.repo.read("calc.py").unwrap(), "def add(a, b):\n    return a - b\n");
}

#[test]
fn a_key_that_is_refused_is_no_evidence() {
    vendor_fault(BackendKind::ClaudeCode, Failure::Unauthorized, FaultKind::Auth);
    vendor_fault(BackendKind::Codex, Failure::Unauthorized, FaultKind::Auth);
}

#[test]
fn a_rate_limit_is_no_evidence() {
    vendor_fault(BackendKind::ClaudeCode, Failure::RateLimited { retry_after: 1 }, FaultKind::RateLimit);
    vendor_fault(BackendKind::Codex, Failure::RateLimited { retry_after: 1 }, FaultKind::RateLimit);
}

#[test]
fn a_server_that_fails_is_no_evidence() {
    vendor_fault(BackendKind::ClaudeCode, Failure::ServerError, FaultKind::Server);
    vendor_fault(BackendKind::Codex, Failure::ServerError, FaultKind::Server);
}

#[test]
fn one_failure_is_retried_and_the_work_goes_on() {
    for (kind, how) in [
        (BackendKind::ClaudeCode, Failure::Close),
        (BackendKind::Codex, Failure::Close),
        (BackendKind::Codex, Failure::CloseMidway),
    ] {
        let Some(session) = run(kind, Script::calculator_fix().failing(1, how)) else { return };
        assert_eq!(session.ending, Ending::Finished, "{kind:?} {how:?}");
        assert_eq!(session.repo.read("calc.py").unwrap(), "def add(a, b):\n    return a + b\n");
    }
}

#[test]
fn claude_codes_connection_lost_midway_is_no_evidence() {
    vendor_fault(BackendKind::ClaudeCode, Failure::CloseMidway, FaultKind::Network);
}
