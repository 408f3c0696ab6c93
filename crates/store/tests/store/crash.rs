//! What survives a process that is killed, and a disk that is full.

#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fairtrial_store::{AttemptState, Store, StoreError};

use crate::values::{id, key, run, trial};

const FOLDER: &str = "FAIRTRIAL_TEST_STORE";
const PART: &str = "FAIRTRIAL_TEST_PART";

/// Starts this test program again, as `part` of a test, with standard output to read.
fn again(part: &str, folder: &Path, through: Option<&str>) -> Child {
    let program = std::env::current_exe().unwrap();
    let args = ["--exact", "crash::as_another_process", "--nocapture"];
    let mut command = match through {
        Some(script) => {
            let mut sh = Command::new("sh");
            sh.args(["-c", &format!("{script} exec \"$0\" \"$@\"")]).arg(program);
            sh
        }
        None => Command::new(program),
    };
    command.args(args).env(FOLDER, folder).env(PART, part).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// The other process of the tests below; does nothing when run by itself.
#[test]
fn as_another_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    match std::env::var(PART).unwrap().as_str() {
        "writer" => write_for_ever(folder),
        "holder" => {
            let store = Store::open(folder).unwrap();
            let _lock = store.lock_run(&id("r1")).unwrap();
            println!("\nheld");
            std::thread::park();
        }
        "filler" => fill(folder),
        odd => panic!("{odd}"),
    }
}

/// Makes attempts and trials as fast as it can, and says which are promised.
fn write_for_ever(folder: &Path) {
    let store = Store::open(folder).unwrap();
    let done = store.trials(&id("r1")).unwrap().len() as u32;
    for n in done + 1.. {
        let which = key("t", "aster", n);
        let attempt = store.attempts(&id("r1")).unwrap().iter().filter(|a| a.key == which).count() as u32 + 1;
        store.start_attempt(&id("r1"), &which, attempt, Path::new("/b"), 1).unwrap();
        let mut record = trial(which, attempt);
        record.journals = vec![store.put_blob(format!("journal {n}").repeat(50).as_bytes()).unwrap()];
        store.finish_trial(&id("r1"), &record, 2).unwrap();
        println!("\npromised {n}");
    }
}

#[test]
fn what_was_promised_survives_a_kill_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).unwrap().create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let mut promised = 0;
    for round in 0..12u64 {
        let mut child = again("writer", dir.path(), None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // After its first promises, at a moment that differs from round to round.
        let first = lines.by_ref().find(|line| line.as_ref().unwrap().starts_with("promised"));
        assert!(first.is_some(), "the writer died by itself");
        std::thread::sleep(std::time::Duration::from_micros(round * 7_919 % 40_000));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in first.into_iter().chain(lines) {
            if let Some(n) = line.unwrap().strip_prefix("promised ") {
                promised = promised.max(n.parse::<usize>().unwrap());
            }
        }
        let store = Store::open(dir.path()).unwrap();
        let trials = store.trials(&id("r1")).unwrap();
        assert!(trials.len() >= promised, "{} of {promised} are left", trials.len());
        for record in &trials {
            store.get_blob(&record.journals[0]).unwrap();
        }
        let attempts = store.attempts(&id("r1")).unwrap();
        let done = attempts.iter().filter(|a| a.state == AttemptState::Done).count();
        assert_eq!(done, trials.len(), "a trial without its attempt, or the other way round");
    }
    let db = rusqlite::Connection::open(dir.path().join("store.db")).unwrap();
    let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    assert!(promised >= 12, "{promised}");
}

#[test]
fn a_lock_ends_with_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    let mut child = again("holder", dir.path(), None);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap() == "held").unwrap().unwrap();
    let error = store.lock_run(&id("r1")).unwrap_err();
    assert!(matches!(error, StoreError::Held { by, .. } if by == Some(child.id())), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
    store.lock_run(&id("r1")).unwrap();
}

/// Stores content and rows until the disk is full, then says how that was put.
fn fill(folder: &Path) {
    let store = Store::open(folder).unwrap();
    let mut noise = 1u64;
    let mut junk = |bytes: usize| {
        let mut next = || {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (noise >> 56) as u8
        };
        (0..bytes).map(|_| next()).collect::<Vec<u8>>()
    };
    let blob = (0..1000).find_map(|_| store.put_blob(&junk(200_000)).err()).unwrap();
    println!("\nblob {}: {blob}", blob.code());
    let mut written = 0;
    let row = loop {
        let mut record = trial(key("t", "aster", written + 1), 0);
        record.leftovers = vec!["x".repeat(20_000)];
        match store.finish_trial(&id("r1"), &record, 1) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    println!("\nrow {}: {row}", row.code());
    println!("\nwritten {written}");
}

#[test]
fn a_full_disk_is_said_and_costs_nothing_that_was_stored() {
    let dir = tempfile::tempdir().unwrap();
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let probe = "mount -t tmpfs tmpfs \"$0\"";
    let mut may = Command::new("unshare");
    may.args(["--user", "--map-root-user", "--mount", "sh", "-c", probe]).arg(&disk);
    if !may.status().is_ok_and(|status| status.success()) {
        println!(
            "skipped: this machine lets no ordinary user make a small disk; see the file size limit below"
        );
        return;
    }
    // A small disk of its own that only this process sees; the store is copied out before it vanishes.
    let mount = "mount -t tmpfs -o size=2m tmpfs \"$FAIRTRIAL_TEST_STORE\" && cp -r \"$FAIRTRIAL_TEST_STORE.made/.\" \"$FAIRTRIAL_TEST_STORE\" && { \"$0\" \"$@\"; cp -r \"$FAIRTRIAL_TEST_STORE/.\" \"$FAIRTRIAL_TEST_STORE.kept\"; exit 0; };";
    let made = dir.path().join("disk.made");
    Store::open(&made).unwrap().create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    std::fs::create_dir(dir.path().join("disk.kept")).unwrap();
    let args = ["--exact", "crash::as_another_process", "--nocapture"];
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", mount])
        .arg(std::env::current_exe().unwrap())
        .args(args)
        .env(FOLDER, &disk)
        .env(PART, "filler")
        .output()
        .unwrap();
    let (text, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line = |start: &str| {
        let found = text.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no `{start}` in {text}\n{stderr}")).to_owned()
    };
    assert!(line("blob ").starts_with("blob disk_full: the disk is full: could not write content in "));
    assert!(line("row ").starts_with("row disk_full: the disk is full: could not write the database in "));
    let written: usize = line("written ")["written ".len()..].parse().unwrap();
    let kept = Store::open(&dir.path().join("disk.kept")).unwrap();
    assert_eq!(kept.trials(&id("r1")).unwrap().len(), written);
    kept.finish_trial(&id("r1"), &trial(key("u", "aster", 1), 0), 1).unwrap();
}

#[test]
fn a_limit_on_file_size_is_an_error_and_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).unwrap().create_run(&run("r1", "2026-01-01T00:00:00Z"), &[]).unwrap();
    // 300 blocks of 512 bytes; without the trap the signal would end the process.
    let child = again("filler", dir.path(), Some("trap '' XFSZ; ulimit -f 300;"));
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\nblob disk_full: "), "{text}");
    let written: usize =
        text.lines().find_map(|line| line.strip_prefix("written ")).unwrap().parse().unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.trials(&id("r1")).unwrap().len(), written);
    store.finish_trial(&id("r1"), &trial(key("u", "aster", 1), 0), 1).unwrap();
}
