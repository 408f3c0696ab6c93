//! `fairtrial-cell work` as a program: bundles in, journals out, with real processes in both tiers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use fairtrial_cell::room;
use fairtrial_domain::assistant::{Assistant, BackendKind, OwnLogin};
use fairtrial_domain::bundle::{
    BUNDLE_FILE, Bundle, GoesOn, JOURNAL_FILE, PATCH_FILE, STREAM_FILE, Tier, TierChoice, WorkBundle,
};
use fairtrial_domain::event::{EventKind, FaultKind};
use fairtrial_domain::id::AssistantId;
use fairtrial_domain::journal::{JournalLine, Phase, Record};
use fairtrial_domain::outcome::{Ending, InfraFault};
use fairtrial_domain::patch::{Content, Patch};
use fairtrial_domain::task::{Limits, Network};
use fairtrial_domain::traffic::MeterOrder;

const CELL: &str = env!("CARGO_BIN_EXE_fairtrial-cell");

/// A base, and a bundle whose assistant is a shell script.
struct Desk {
    dir: tempfile::TempDir,
    bundle: WorkBundle,
}

impl Desk {
    fn new(tier: TierChoice, script: &str) -> Desk {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("base/tree")).unwrap();
        fs::write(dir.path().join("base/tree/a.txt"), "one\ntwo\n").unwrap();
        fs::write(dir.path().join("base/tree/AGENTS.md"), "be kind\n").unwrap();
        fs::create_dir(dir.path().join("bundle")).unwrap();
        let bundle = WorkBundle {
            marker: format!("mark-{}", dir.path().display()),
            base: dir.path().join("base"),
            instruction: "do it well".to_owned(),
            assistant: Assistant {
                args: ["-c", script, "script", "{prompt}"].map(str::to_owned).to_vec(),
                ..Assistant::new(AssistantId::parse("script").unwrap(), "Script", BackendKind::Command)
            },
            program: PathBuf::from("/bin/sh"),
            env: BTreeMap::from([("GIVEN".to_owned(), "passed on".to_owned())]),
            limits: Limits { agent_timeout_sec: 30.0, grace_sec: 1.0, ..Limits::default() },
            requires: Vec::new(),
            readable: Vec::new(),
            tier,
            meter: None,
            instruction_files: vec!["AGENTS.md".to_owned()],
            keep: false,
            goes_on: None,
        };
        Desk { dir, bundle }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("bundle")
    }

    fn command(&self) -> Command {
        let text = serde_json::to_vec(&Bundle::Work(self.bundle.clone())).unwrap();
        fs::write(self.folder().join(BUNDLE_FILE), text).unwrap();
        let mut command = Command::new(CELL);
        command
            .arg("work")
            .arg(self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.env("FAIRTRIAL_SECRET_ANTHROPIC_API_KEY", "sk-not-a-real-one");
        command.env("FAIRTRIAL_SECRET_API_KEY", "sk-very-secret-1").env("APP_PRIVATE", "app's own");
        command
    }

    fn run(&self) -> Journal {
        let output = self.command().output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.journal()
    }

    fn start(&self) -> Child {
        self.command().spawn().unwrap()
    }

    fn journal(&self) -> Journal {
        let text = fs::read_to_string(self.folder().join(JOURNAL_FILE)).unwrap_or_default();
        Journal(text.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
    }

    fn wait_for(&self, what: impl Fn(&Journal) -> bool) -> Journal {
        let since = Instant::now();
        loop {
            let text = fs::read_to_string(self.folder().join(JOURNAL_FILE)).unwrap_or_default();
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let journal = Journal(whole.lines().map(|l| serde_json::from_str(l).unwrap()).collect());
            if what(&journal) {
                return journal;
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{:#?}", journal.0);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn patch(&self) -> Patch {
        serde_json::from_slice(&fs::read(self.folder().join(PATCH_FILE)).unwrap()).unwrap()
    }

    fn alive(&self) -> Vec<String> {
        let wanted = format!("FAIRTRIAL_RUN={}", self.bundle.marker);
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            if environ.split(|b| *b == 0).any(|v| v == wanted.as_bytes()) && !stat.contains(") Z ") {
                found.push(stat);
            }
        }
        found
    }

    /// Waits until nothing of the trial lives, at most as long as given.
    fn gone_within(&self, limit: Duration) {
        let since = Instant::now();
        while !self.alive().is_empty() {
            assert!(since.elapsed() < limit, "{:?}", self.alive());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Returns the command lines that name a folder: what makes a room's walls is told of it, and carries no marker.
fn who_names(folder: &Path) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().flatten().map(|entry| {
        String::from_utf8_lossy(&fs::read(entry.path().join("cmdline")).unwrap_or_default()).into_owned()
    });
    lines.filter(|line| line.contains(folder.to_str().unwrap())).collect()
}

struct Journal(Vec<JournalLine>);

impl Journal {
    fn limits(&self) -> Vec<&str> {
        self.records()
            .filter_map(|r| if let Record::LimitReached { limit } = r { Some(limit.as_str()) } else { None })
            .collect()
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.0.iter().map(|l| &l.record)
    }

    fn ending(&self) -> Ending {
        let found = self
            .records()
            .find_map(|r| if let Record::Ended { ending, .. } = r { Some(ending) } else { None });
        found.unwrap_or_else(|| panic!("{:#?}", self.0)).clone()
    }

    fn leftovers(&self) -> Vec<String> {
        let found = self
            .records()
            .find_map(|r| if let Record::Ended { leftovers, .. } = r { Some(leftovers) } else { None });
        found.unwrap().clone()
    }

    fn texts(&self) -> String {
        let text = |r: &Record| {
            let Record::Event { kind } = r else { return String::new() };
            if let EventKind::Text { text } = kind {
                format!("{text}\n")
            } else if let EventKind::Stderr { line } = kind {
                format!("! {line}\n")
            } else if let EventKind::Dropped { bytes } = kind {
                format!("[{bytes}]\n")
            } else {
                String::new()
            }
        };
        self.records().map(text).collect()
    }

    fn at(&self, what: impl Fn(&Record) -> bool) -> u64 {
        self.0.iter().find(|l| what(&l.record)).unwrap_or_else(|| panic!("{:#?}", self.0)).at_ms
    }

    fn whole(&self) -> bool {
        self.0.last().is_some_and(|l| l.record == Record::Closed)
    }

    fn failed(&self) -> String {
        let found = self
            .records()
            .find_map(|r| if let Record::Failed { reason, .. } = r { Some(reason) } else { None });
        found.unwrap_or_else(|| panic!("{:#?}", self.0)).clone()
    }

    fn fails_for_good(&self) -> bool {
        self.records().any(|r| matches!(r, Record::Failed { lasting: true, .. }))
    }
}

/// Checks in every tier that there is here.
fn each(script: &str, check: impl Fn(Desk)) {
    let all = [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Container, TierChoice::Plain];
    among(&all, script, check);
}

/// The same for some tiers.
fn among(tiers: &[TierChoice], script: &str, check: impl Fn(Desk)) {
    let scratch = tempfile::tempdir().unwrap();
    let found = room::detect(&scratch.path().join("try")).unwrap().tiers;
    for choice in tiers.iter().copied() {
        let found = found.iter().find(|one| Some(one.tier) == choice.only()).unwrap();
        if let Some(reason) = &found.missing {
            let current = std::thread::current();
            // Written past the test harness, so that it is seen although the test counts as passed.
            let text = format!("SKIPPED in the tier {choice:?}: {}: {reason}\n", current.name().unwrap());
            std::io::stderr().write_all(text.as_bytes()).unwrap();
            continue;
        }
        check(Desk::new(choice, script));
    }
}

#[test]
fn a_trial_goes_from_bundle_to_closed_journal() {
    each("echo hello; sed -i s/one/ONE/ a.txt; echo new > made; echo trouble >&2", |desk| {
        let journal = desk.run();
        let names: Vec<String> = journal
            .records()
            .filter(|r| !matches!(r, Record::Event { .. }))
            .map(|r| {
                if let Record::Phase { phase } = r {
                    format!("{phase:?}")
                } else {
                    format!("{r:?}").split([' ', '{']).next().unwrap().to_owned()
                }
            })
            .collect();
        let want =
            ["Opened", "Provisioning", "Working", "Launched", "Ended", "Capturing", "Captured", "Closed"];
        assert_eq!(names, want);
        assert_eq!(
            journal.0.iter().map(|l| l.seq).collect::<Vec<_>>(),
            (0..journal.0.len() as u64).collect::<Vec<_>>()
        );
        assert_eq!(journal.ending(), Ending::Finished);
        assert_eq!(
            journal.texts().lines().collect::<std::collections::BTreeSet<_>>(),
            ["hello", "! trouble"].into()
        );
        let patch = desk.patch();
        let files: Vec<&str> = patch.files.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(files, ["a.txt", "made"]);
        let after = patch.files[0].after.as_ref().unwrap();
        assert_eq!(after.content, Content::Text("ONE\ntwo\n".to_owned()));
        let Some(Record::Captured { patch: named, .. }) =
            journal.records().find(|r| matches!(r, Record::Captured { .. }))
        else {
            panic!("{:#?}", journal.0)
        };
        assert_eq!((named.counts.files, named.counts.added, named.counts.removed), (2, 2, 1));
        let text = fs::read(desk.folder().join(PATCH_FILE)).unwrap();
        let digest = Command::new("sha256sum").arg(desk.folder().join(PATCH_FILE)).output().unwrap().stdout;
        assert!(String::from_utf8(digest).unwrap().starts_with(&named.digest.0), "{}", text.len());
        let Some(Record::Launched { argv, instruction_files }) =
            journal.records().find(|r| matches!(r, Record::Launched { .. }))
        else {
            panic!("{:#?}", journal.0)
        };
        assert_eq!(
            (argv.last().unwrap().as_str(), instruction_files.as_slice()),
            ("{prompt}", &["AGENTS.md".to_owned()][..])
        );
        assert_eq!(
            fs::read_dir(desk.folder()).unwrap().count(),
            4,
            "bundle, journal, patch, stream and nothing else"
        );
    });
}

#[test]
fn a_login_that_is_renewed_while_a_trial_runs_is_written_nowhere() {
    let script = "t=renewed-; t=${t}access-5678; echo \"{\\\"access\\\":\\\"$t\\\"}\" > ~/.tool/next; \
                  mv ~/.tool/next ~/.tool/auth.json; echo planted-access-1234 $t; echo $t >> a.txt";
    each(script, |mut desk| {
        let user = tempfile::tempdir().unwrap();
        fs::create_dir(user.path().join(".tool")).unwrap();
        let file = user.path().join(".tool/auth.json");
        fs::write(&file, r#"{"access":"planted-access-1234"}"#).unwrap();
        let texts = |text: &str| vec![text.to_owned()];
        desk.bundle.assistant.own_login = Some(OwnLogin {
            places: texts("~/.tool"),
            sealed: vec![],
            credentials: texts("~/.tool/auth.json"),
        });
        let output = desk.command().env("HOME", user.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), r#"{"access":"renewed-access-5678"}"#);
        let journal = desk.journal();
        assert_eq!(journal.texts(), "[secret of the login 1] [secret of the login 2]\n", "{:#?}", journal.0);
        for name in [JOURNAL_FILE, PATCH_FILE, STREAM_FILE] {
            let text = fs::read_to_string(desk.folder().join(name)).unwrap();
            assert!(!text.contains("renewed-access-5678"), "{name}");
        }
        let [change] = desk.patch().files.try_into().unwrap();
        let wanted = "one\ntwo\n[secret of the login 2]\n".to_owned();
        assert_eq!(change.after.unwrap().content, Content::Text(wanted));
    });
}

#[test]
fn the_assistant_gets_its_secret_and_the_journal_does_not() {
    each(
        "echo $API_KEY | rev; echo \"key $API_KEY\"; echo \"$GIVEN ($1) $APP_PRIVATE$FAIRTRIAL_SECRET_API_KEY\"",
        |desk| {
            let journal = desk.run();
            assert_eq!(journal.texts(), "1-terces-yrev-ks\nkey [secret API_KEY]\npassed on (do it well) \n");
            for file in [JOURNAL_FILE, STREAM_FILE, PATCH_FILE] {
                let text = fs::read_to_string(desk.folder().join(file)).unwrap();
                assert!(!text.contains("sk-very-secret-1"), "{file}");
            }
        },
    );
}

#[test]
fn a_hang_is_timed_out_within_a_second_and_nothing_lives_after_the_grace() {
    each("trap '' INT TERM; echo x > partial; setsid sleep 60 & while :; do sleep 1; done", |mut desk| {
        desk.bundle.limits.agent_timeout_sec = 1.0;
        desk.bundle.limits.grace_sec = 2.0;
        let mut child = desk.start();
        let journal = desk.wait_for(|j| j.records().any(|r| matches!(r, Record::LimitReached { .. })));
        desk.gone_within(Duration::from_millis(2000));
        assert!(child.wait().unwrap().success());
        let launched = journal.at(|r| matches!(r, Record::Launched { .. }));
        let reached =
            journal.at(|r| matches!(r, Record::LimitReached { limit } if limit == "time limit of 1 s"));
        assert!((1000..2000).contains(&(reached - launched)), "{}", reached - launched);
        let journal = desk.journal();
        assert_eq!((journal.ending(), journal.whole()), (Ending::TimedOut, true));
        assert_eq!(desk.patch().files[0].path, "partial", "what was done in time is kept");
    });
}

#[test]
fn sigterm_cancels_and_still_captures() {
    each("echo x > partial; echo ready; sleep 60", |desk| {
        let mut child = desk.start();
        desk.wait_for(|j| j.texts().contains("ready"));
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        assert!(child.wait().unwrap().success());
        let journal = desk.journal();
        assert_eq!((journal.ending(), journal.whole()), (Ending::Cancelled, true));
        assert_eq!(desk.patch().files[0].path, "partial");
        desk.gone_within(Duration::ZERO + Duration::from_millis(1));
    });
}

#[test]
fn a_killed_cell_leaves_no_process_and_only_debris_that_is_swept() {
    each("setsid sleep 60 & setsid setsid sh -c 'trap \"\" TERM; sleep 60' & echo ready; sleep 60", |desk| {
        let mut child = desk.start();
        desk.wait_for(|j| j.texts().contains("ready"));
        assert!(!desk.alive().is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        desk.gone_within(Duration::from_millis(1000));
        let since = Instant::now();
        while !who_names(&desk.folder()).is_empty() {
            assert!(since.elapsed() < Duration::from_secs(5), "{:?}", who_names(&desk.folder()));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!desk.journal().whole());
        assert!(desk.folder().join("room").exists());
        let swept = Command::new(CELL).arg("sweep").arg(desk.folder()).output().unwrap();
        assert!(swept.status.success(), "{}", String::from_utf8_lossy(&swept.stderr));
        assert!(!desk.folder().join("room").exists());
    });
}

#[test]
fn daemons_that_outlive_the_assistant_are_named() {
    each(
        "setsid sh -c ': > $TMPDIR/up; exec sleep 60' >/dev/null 2>&1 & while [ ! -e $TMPDIR/up ]; do sleep 0.02; done; sleep 0.3; echo done",
        |desk| {
            let journal = desk.run();
            assert_eq!((journal.ending(), journal.leftovers()), (Ending::Finished, vec!["sleep".to_owned()]));
            desk.gone_within(Duration::from_millis(1));
        },
    );
}

#[test]
fn a_flood_keeps_its_head_and_tail_and_counts_the_rest() {
    each("i=0; echo first; yes 0123456789 | head -n 200000; echo last", |mut desk| {
        desk.bundle.limits.output_bytes = 100_000;
        let journal = desk.run();
        let texts = journal.texts();
        let lines: Vec<&str> = texts.lines().collect();
        assert_eq!((lines[0], lines[lines.len() - 1]), ("first", "last"));
        let dropped: u64 =
            lines.iter().find_map(|l| l.strip_prefix('[')?.strip_suffix(']')?.parse().ok()).unwrap();
        let kept: u64 = lines.iter().filter(|l| !l.starts_with('[')).map(|l| l.len() as u64 + 1).sum();
        assert_eq!(kept + dropped, 6 + 11 * 200_000 + 5);
        assert!(fs::metadata(desk.folder().join(STREAM_FILE)).unwrap().len() < 110_000);
    });
}

#[test]
fn a_line_of_many_megabytes_is_cut_and_counted() {
    each("head -c 9000000 /dev/zero | tr '\\0' x; echo; echo after; printf 'no end'", |desk| {
        let texts = desk.run().texts();
        let lines: Vec<&str> = texts.lines().collect();
        assert_eq!(lines.iter().map(|l| l.len()).collect::<Vec<_>>(), [4 << 20, 9, 5, 6]);
        assert_eq!(lines[1..], [&format!("[{}]", 9_000_000 - (4 << 20))[..], "after", "no end"]);
    });
}

#[test]
fn a_crash_is_the_assistants_and_is_captured() {
    each("echo x > made; exit 3", |desk| {
        let journal = desk.run();
        assert_eq!(journal.ending(), Ending::Crashed { reason: "exited with code 3".to_owned() });
        assert_eq!(desk.patch().files.len(), 1);
    });
}

#[test]
fn a_hoard_of_memory_ends_a_trial_at_a_limit_with_its_name() {
    each("echo one >> a.txt; head -c 60000000 /dev/zero | tail -n 1 | sleep 20", |mut desk| {
        desk.bundle.limits.memory_bytes = Some(40_000_000);
        let journal = desk.run();
        let limit = "memory limit of 40000000 bytes".to_owned();
        assert!(
            journal.records().any(|r| *r == Record::LimitReached { limit: limit.clone() }),
            "{:#?}",
            journal.0
        );
        assert_eq!((journal.ending(), journal.whole()), (Ending::Budget, true));
        assert_eq!(desk.patch().files.len(), 1, "what it did until then is kept");
    });
}

#[test]
fn a_disk_full_while_journalling_is_no_success() {
    // A container runtime copies itself into memory first, and would meet the same bound there.
    let tiers = [TierChoice::Full, TierChoice::Bubblewrap, TierChoice::Plain];
    among(&tiers, "yes abcdefghijklmnopqrstuvwxyz | head -n 100000", |desk| {
        let inner = desk.command();
        let mut command = Command::new("sh");
        // 64 KiB is the longest file the cell may write; the signal for it is ignored, so that writing fails.
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
            .arg(inner.get_program())
            .args(inner.get_args());
        let Output { status, stderr, .. } = command.output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(!status.success());
        assert!(said.starts_with("fairtrial-cell: could not write `") && said.lines().count() == 1, "{said}");
        assert!(said.contains("free some space"), "{said}");
        let text = fs::read_to_string(desk.folder().join(JOURNAL_FILE)).unwrap();
        assert!(!text.contains("\"closed\""));
        desk.gone_within(Duration::from_millis(1));
        assert!(!desk.folder().join("room").exists());
    });
}

#[test]
fn what_cannot_be_started_is_told_and_is_nobodys_failure() {
    let check = |change: &dyn Fn(&mut Desk), want: &str| {
        let mut desk = Desk::new(TierChoice::Plain, "true");
        change(&mut desk);
        let journal = desk.run();
        assert!(journal.whole());
        assert!(journal.failed().contains(want), "{}", journal.failed());
        assert!(journal.fails_for_good(), "{want}");
    };
    check(&|d| d.bundle.program = "/no/such/program".into(), "`/no/such/program` is not on the PATH");
    check(&|d| d.bundle.requires = vec!["no-such-tool".into()], "`no-such-tool` is not on the PATH");
    check(&|d| d.bundle.base = "/no/base".into(), "`/no/base` is no prepared base");
    let broken = |d: &mut Desk| {
        d.bundle.program = d.dir.path().join("broken");
        fs::write(&d.bundle.program, "#!/no/such/interpreter\n").unwrap();
        fs::set_permissions(&d.bundle.program, fs::Permissions::from_mode(0o755)).unwrap();
    };
    check(&broken, "`/no/such/interpreter` is not on the PATH");
}

/// A desk whose assistant is a program that writes Claude Code's stream.
fn streaming(tier: TierChoice, lines: &str) -> Desk {
    let mut desk = Desk::new(tier, "");
    let program = desk.dir.path().join("program");
    fs::write(&program, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    desk.bundle.program = program;
    desk.bundle.assistant.backend = BackendKind::ClaudeCode;
    desk.bundle.assistant.args.clear();
    desk
}

const INIT: &str =
    r#"echo '{"type":"system","subtype":"init","session_id":"s","model":"m","claude_code_version":"1"}'"#;

#[test]
fn a_storm_of_retries_is_silence_and_the_vendors_fault() {
    let retry = r#"echo '{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,"retry_delay_ms":100,"error_status":429,"error":"rate_limit"}'"#;
    for tier in [TierChoice::Plain, TierChoice::Best] {
        let mut desk = streaming(tier, &format!("{INIT}; while :; do {retry}; sleep 0.1; done"));
        desk.bundle.limits.stall_sec = Some(0.7);
        let journal = desk.run();
        let ending = journal.ending();
        assert!(
            matches!(&ending, Ending::Infra { fault: InfraFault::Vendor(FaultKind::RateLimit), .. }),
            "{ending:?}"
        );
        assert!(
            journal.records().any(
                |r| matches!(r, Record::LimitReached { limit } if limit.starts_with("silent for 0.7 s"))
            )
        );
    }
}

#[test]
fn silent_work_is_no_stall_and_waiting_is() {
    const WORK: &str = "end=$(($(date +%s) + 4)); while [ $(date +%s) -lt $end ]; do \
        i=0; while [ $i -lt 50000 ]; do i=$((i + 1)); done; done";
    for tier in [TierChoice::Plain, TierChoice::Best] {
        let mut working = Desk::new(tier, WORK);
        working.bundle.limits.stall_sec = Some(1.5);
        let journal = working.run();
        assert_eq!((journal.ending(), journal.limits()), (Ending::Finished, vec![]));
        let mut waiting = Desk::new(tier, "while :; do sleep 0.5; done");
        waiting.bundle.limits.stall_sec = Some(1.5);
        let journal = waiting.run();
        assert_eq!(journal.ending(), Ending::Stalled);
        assert!(
            matches!(&journal.limits()[..], [limit] if limit.starts_with("silent for 1.5 s (looked at: output")
                && limit.ends_with("CPU)")),
            "{:?}",
            journal.limits()
        );
    }
}

/// A desk whose assistant says nothing and asks a model that answers one request by `answer`.
fn asking(answer: fn(std::net::TcpStream)) -> Desk {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ask = r#"curl -sN -H 'content-type: application/json' -d '{"model":"m","messages":[]}' "$ANTHROPIC_BASE_URL/v1/messages" >/dev/null"#;
    let mut desk = streaming(TierChoice::Best, ask);
    desk.bundle.assistant.base_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    desk.bundle.assistant.network = Network::Host;
    desk.bundle.meter = Some(MeterOrder::default());
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    desk
}

fn never(stream: std::net::TcpStream) {
    std::thread::sleep(Duration::from_secs(20));
    drop(stream);
}

fn slowly(mut stream: std::net::TcpStream) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    // An answer before the question is none; one that went away needs no more.
    let _asked = stream.read(&mut [0; 4096]);
    let _gone = stream.write_all(head.as_bytes());
    for _ in 0..8 {
        let _gone = stream.write_all(b": still at it\n\n");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn a_model_that_is_silent_is_the_vendors_fault_and_one_that_streams_is_no_stall() {
    let mut stalled = asking(never);
    stalled.bundle.limits.stall_sec = Some(1.5);
    let mut late = asking(never);
    late.bundle.limits.first_token_sec = Some(1.0);
    for (desk, limit) in [
        (stalled, "silent for 1.5 s (looked at: output, traffic with its model, "),
        (late, "no answer of its model within 1 s of its first request"),
    ] {
        let journal = desk.run();
        let ending = journal.ending();
        assert!(
            matches!(&ending, Ending::Infra { fault: InfraFault::Vendor(FaultKind::Server), .. }),
            "{ending:?}"
        );
        assert!(journal.limits()[0].starts_with(limit), "{:?}", journal.limits());
    }
    let mut streams = asking(slowly);
    streams.bundle.limits.stall_sec = Some(1.5);
    streams.bundle.limits.first_token_sec = Some(3.0);
    let journal = streams.run();
    assert_eq!(journal.limits(), [""; 0]);
    assert!(
        journal.records().any(|r| matches!(r, Record::Ended { seconds, .. } if *seconds > 3.5)),
        "{:#?}",
        journal.0
    );
}

#[test]
fn a_program_that_says_nothing_in_time_is_stalled_where_its_requests_are_not_seen() {
    let mut mute = Desk::new(TierChoice::Best, "sleep 20");
    mute.bundle.limits.first_token_sec = Some(1.0);
    let journal = mute.run();
    assert_eq!(journal.ending(), Ending::Stalled);
    assert_eq!(journal.limits(), ["no word within 1 s of its start"]);
    let mut spoken = Desk::new(TierChoice::Best, "echo up; sleep 2");
    spoken.bundle.limits.first_token_sec = Some(1.0);
    assert_eq!(spoken.run().ending(), Ending::Finished);
}

#[test]
fn what_an_assistant_says_after_its_limit_changes_nothing() {
    let done = r#"echo '{"type":"result","subtype":"success","is_error":false,"result":"done","num_turns":1,"session_id":"s","total_cost_usd":0.5,"usage":{"input_tokens":7,"output_tokens":3}}'"#;
    let late = streaming(
        TierChoice::Best,
        &format!(
            "{INIT}; trap \"{done_quoted}; exit 0\" INT; while :; do sleep 0.05; done",
            done_quoted = done.replace('"', "\\\"")
        ),
    );
    let mut late = late;
    late.bundle.limits.agent_timeout_sec = 0.5;
    let journal = late.run();
    assert_eq!(journal.ending(), Ending::TimedOut);
    let early = streaming(TierChoice::Best, &format!("{INIT}; {done}"));
    let journal = early.run();
    assert_eq!(journal.ending(), Ending::Finished);
    let Some(Record::Ended { usage, cost, .. }) =
        journal.records().find(|r| matches!(r, Record::Ended { .. }))
    else {
        panic!("{:#?}", journal.0)
    };
    assert_eq!(
        (usage.input_uncached, usage.output, cost.as_ref().map(|c| c.usd)),
        (Some(7), Some(3), Some(0.5))
    );
}

#[test]
fn a_bundle_is_worked_on_once() {
    let desk = Desk::new(TierChoice::Plain, "true");
    desk.run();
    let again = desk.command().output().unwrap();
    assert!(!again.status.success());
    assert!(String::from_utf8(again.stderr).unwrap().contains("exists already"));
    assert!(desk.journal().whole());
}

#[test]
fn a_broken_bundle_is_told() {
    for (text, want) in [("{", "EOF"), (r#"{"do":"dance"}"#, "dance")] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(BUNDLE_FILE), text).unwrap();
        assert!(Command::new(CELL).arg("work").arg(dir.path()).output().unwrap().status.success());
        let journal = fs::read_to_string(dir.path().join(JOURNAL_FILE)).unwrap();
        assert!(journal.contains(want) && journal.ends_with("{\"record\":\"closed\"}}\n"), "{journal}");
    }
    let nowhere = Command::new(CELL).arg("work").arg("/no/such/folder").output().unwrap();
    assert!(!nowhere.status.success());
}

#[test]
fn the_tier_is_told_with_its_reason() {
    each("true", |desk| {
        let journal = desk.run();
        let Record::Opened { tier, tier_reason, .. } = &journal.0[0].record else {
            panic!("{:#?}", journal.0)
        };
        assert_eq!(*tier == Tier::Full, tier_reason.is_none());
        if desk.bundle.tier == TierChoice::Plain {
            assert_eq!(tier_reason.as_deref(), Some("a plain copy was asked for"));
        }
    });
}

#[test]
fn detect_prints_json() {
    let output = Command::new(CELL).arg("detect").output().unwrap();
    assert!(output.status.success());
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(value["tier"] == "full" || (value["tier"] == "plain" && value["reason"].is_string()), "{value}");
}

#[test]
fn wrong_words_are_answered_with_the_right_ones() {
    let output = Command::new(CELL).arg("dance").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8(output.stderr).unwrap().contains("usage: "));
    assert!(Path::new(CELL).exists());
}

#[test]
fn phases_are_told_as_they_come() {
    let desk = Desk::new(TierChoice::Plain, "sleep 0.3");
    let journal = desk.run();
    let at = |phase: Phase| journal.at(|r| *r == Record::Phase { phase });
    assert!(at(Phase::Capturing) >= at(Phase::Working) + 300);
}

#[test]
fn a_cell_ends_with_the_program_it_was_started_for() {
    for tier in [TierChoice::Best, TierChoice::Plain] {
        let desk = Desk::new(tier, "echo here; sleep 60");
        desk.command();
        let script = "FAIRTRIAL_PARENT=$$ \"$0\" work \"$1\" & echo $!; wait";
        let mut app = Command::new("sh")
            .args(["-c", script, CELL])
            .arg(desk.folder())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        desk.wait_for(|journal| format!("{:?}", journal.0).contains("\"here\""));
        app.kill().unwrap();
        app.wait().unwrap();
        let told = desk.wait_for(|journal| journal.0.iter().any(|line| line.record == Record::Closed));
        let cancelled =
            |line: &JournalLine| matches!(line.record, Record::Ended { ending: Ending::Cancelled, .. });
        assert!(told.0.iter().any(cancelled), "{tier:?}: {:#?}", told.0);
        assert_eq!(desk.alive(), Vec::<String>::new());
    }
}

#[test]
fn a_cell_whose_program_is_gone_does_not_begin() {
    let desk = Desk::new(TierChoice::Best, "echo here");
    let said = desk.command().env("FAIRTRIAL_PARENT", "1").output().unwrap();
    assert!(!said.status.success());
    let said = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said, "fairtrial-cell: process 1, for which it was started, is gone\n");
    assert!(!desk.folder().join(JOURNAL_FILE).exists());
}

/// Begins, or goes on with what the first round left: workspace, home, session and feedback.
const IN_ROUNDS: &str = r#"
if [ "$1" = --resume ]; then
    { echo "$2"; cat; cat ~/remembered; cat a.txt; ls "$TMPDIR"; } > told.txt
else
    echo changed > a.txt; rm AGENTS.md; echo home > ~/remembered; echo gone > "$TMPDIR/left"
    mkdir -p ~/.tool; ln -s "$HOME/remembered" ~/.tool/link
fi"#;

#[test]
fn a_further_round_goes_on_in_what_the_first_left() {
    each(IN_ROUNDS, |mut desk| {
        let tier = desk.bundle.tier;
        desk.bundle.assistant.backend = BackendKind::Sample;
        desk.bundle.assistant.args.pop();
        desk.bundle.keep = true;
        assert!(desk.run().whole());
        let room = desk.folder().join("room");
        assert!(room::is_kept(&room), "{tier:?}");
        room::sweep(&desk.folder()).unwrap();
        assert!(room::is_kept(&room), "a room that waits is no debris");

        let first = desk.dir.path().join("first");
        fs::create_dir(&first).unwrap();
        for name in [JOURNAL_FILE, PATCH_FILE] {
            fs::rename(desk.folder().join(name), first.join(name)).unwrap();
        }
        desk.bundle.keep = false;
        desk.bundle.instruction = "what failed".to_owned();
        desk.bundle.goes_on = Some(GoesOn { room: room.clone(), session: "s-1".to_owned() });
        let journal = desk.run();
        assert!(journal.whole(), "{:#?}", journal.0);
        let patch = desk.patch();
        let paths: Vec<&str> = patch.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["AGENTS.md", "a.txt", "told.txt"], "{tier:?}: all rounds against the base");
        let told = patch.files[2].after.as_ref().unwrap().content.as_text().unwrap();
        assert_eq!(told.lines().collect::<Vec<_>>(), ["s-1", "what failedhome", "changed"], "{tier:?}");
        assert!(!room.exists(), "the last round leaves no room");

        // What is gone is not gone on with.
        fs::remove_file(desk.folder().join(JOURNAL_FILE)).unwrap();
        assert!(desk.run().failed().contains("keeps no room that could go on"), "{tier:?}");
    });
}
