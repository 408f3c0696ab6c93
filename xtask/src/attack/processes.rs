//! Processes, floods and floods of processes. Baselines are bounded: nothing here takes more than a few hundred small
//! processes or megabytes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use fairtrial_domain::task::Limits;

use super::AttackError;
use super::ground::{Ground, Worked, limits};
use super::row::{Fared, Row};

/// Starts 300 children and says how many there were at once.
const FORKS: &str = "exec python3 -c \"
import os, signal, time
kids = []
try:
    for _ in range(300):
        pid = os.fork()
        if pid == 0:
            time.sleep(20)
            os._exit(0)
        kids.append(pid)
except OSError as error:
    print(error)
print('alive=%d' % len(kids), flush=True)
for kid in kids:
    os.kill(kid, signal.SIGKILL)
\"";
/// Writes 96 MB and goes on for three seconds.
const FILL: &str =
    "head -c 96000000 /dev/urandom > big; sleep 3; test $(stat -c %s big) -eq 96000000 && echo fil''led";
/// Leaves a process in a session of its own, and ends.
const DAEMON: &str = "setsid sleep 47.125 > /dev/null 2>&1 & sleep 0.3";
const DOUBLE: &str = "exec python3 -c \"
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 64)
        os.execve('/bin/sleep', ['sleep', '47.375'], {})
    os._exit(0)
os.wait()
\"";

pub(super) fn rows(ground: &Ground) -> Result<Vec<Row>, AttackError> {
    let mut rows = vec![forks(ground)?, outlives(ground, "a daemon", DAEMON, "47.125")?];
    rows.push(outlives(ground, "a double fork without environment", DOUBLE, "47.375")?);
    rows.push(parent(ground)?);
    if !ground.quick {
        rows.push(fill(ground)?);
        rows.push(output(ground)?);
        rows.push(line(ground)?);
        rows.push(reuse(ground)?);
    }
    Ok(rows)
}

fn row(attack: &str, baseline: Fared, cell: Fared) -> Row {
    Row { group: "processes".to_owned(), attack: attack.to_owned(), baseline, cell }
}

fn lasting(worked: &Worked, fell: bool, why: String) -> Fared {
    if worked.closed() {
        Fared::when(fell, why)
    } else {
        Fared::Succeeded(format!("the journal is not whole; {why}"))
    }
}

fn said_last(text: &str) -> String {
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing was said").to_owned()
}

fn forks(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let said = String::from_utf8_lossy(&ground.plain(&tree, FORKS)?.stdout).into_owned();
    let baseline = Fared::when(said.contains("alive=300"), said_last(&said));
    let worked = ground.work(FORKS, Limits { processes: 64, ..limits() })?;
    let stood = worked.stream.contains("alive=300");
    Ok(row("a fork bomb", baseline, lasting(&worked, stood, said_last(&worked.stream))))
}

/// Returns the ids of processes of which an argument is `mark`.
fn alive(mark: &str) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok());
    let has = |id: &u32| {
        let words = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        words.split(|b| *b == 0).any(|word| word == mark.as_bytes())
    };
    ids.filter(has).collect()
}

fn outlives(ground: &Ground, attack: &str, script: &str, mark: &str) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    // The harness kills the group of what it started, as most do.
    let group = format!("setsid -w sh -c '{}; kill -9 -$$'", script.replace('\'', "'\\''"));
    ground.plain(&tree, &group)?;
    let left = alive(mark);
    let baseline = Fared::when(!left.is_empty(), format!("{} processes outlived it", left.len()));
    for id in left {
        ground.plain(&tree, &format!("kill -9 {id}"))?;
    }
    let worked = ground.work(script, limits())?;
    let left = alive(mark);
    let cell = lasting(&worked, !left.is_empty(), format!("{} processes outlived it", left.len()));
    Ok(row(attack, baseline, cell))
}

fn parent(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let harness = "sh -c 'sh -c \"kill -9 \\$PPID; sleep 0.2\"; echo harness lives'; true";
    let said = String::from_utf8_lossy(&ground.plain(&tree, harness)?.stdout).into_owned();
    let baseline = Fared::when(!said.contains("harness lives"), "the harness was killed and wrote no result");
    let script = "echo x > new; kill -9 $PPID; kill -9 1; p=$PPID; while [ ${p:-0} -gt 1 ]; do kill -9 $p; \
                  p=$(sed -n 's/^PPid:\\t//p' /proc/$p/status); done; echo done";
    let worked = ground.work(script, limits())?;
    let kept = worked.patch.as_ref().is_some_and(|patch| !patch.is_empty());
    let cell = lasting(&worked, !kept, "the journal is whole and the patch was taken".to_owned());
    Ok(row("killing the parent", baseline, cell))
}

fn fill(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let said = String::from_utf8_lossy(&ground.plain(&tree, FILL)?.stdout).into_owned();
    let baseline = Fared::when(said.contains("filled"), "96 MB were written and kept");
    let _ = fs::remove_dir_all(&tree);
    let worked = ground.work(FILL, Limits { disk_bytes: 16 << 20, ..limits() })?;
    let cell = lasting(&worked, worked.stream.contains("filled"), format!("stopped: {}", ended(&worked)));
    Ok(row("filling the disk", baseline, cell))
}

fn ended(worked: &Worked) -> String {
    use fairtrial_domain::journal::Record;
    let ended = worked.records.iter().find_map(|record| {
        if let Record::LimitReached { limit } = record { Some(limit.clone()) } else { None }
    });
    ended.unwrap_or_else(|| said_last(&worked.stream))
}

/// Returns the bytes of all files below `dir`.
fn weight(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => weight(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

fn output(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let kept = String::from_utf8_lossy(
        &ground.plain(&tree, "yes | head -c 200000000 > kept; stat -c %s kept")?.stdout,
    )
    .trim()
    .to_owned();
    let _ = fs::remove_dir_all(&tree);
    let baseline =
        Fared::when(kept == "200000000", format!("a harness that keeps all kept {kept} bytes of 200 MB"));
    let bounds = Limits { output_bytes: 4 << 20, agent_timeout_sec: 100.0, ..limits() };
    let worked = ground.work("yes | head -c 5000000; yes $(head -c 4000 /dev/zero | tr '\\0' y) | head -c 10000000000; echo over >&2", bounds)?;
    let weight = weight(&worked.dir);
    let why = format!("{} kB are in the bundle; {}", weight / 1000, ended(&worked));
    Ok(row("10 GB of output", baseline, lasting(&worked, weight > 32 << 20, why)))
}

fn line(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let long = "head -c 100000000 /dev/zero | tr '\\000' x; echo";
    let read = format!("({long}) | python3 -c 'import sys; print(max(len(l) for l in sys.stdin))'");
    let said = String::from_utf8_lossy(&ground.plain(&tree, &read)?.stdout).trim().to_owned();
    let baseline = Fared::when(
        said.parse::<u64>().is_ok_and(|length| length >= 100_000_000),
        format!("a reader of lines held {said} bytes"),
    );
    let worked = ground.work(long, Limits { output_bytes: 4 << 20, ..limits() })?;
    let journal = fs::read_to_string(worked.dir.join("journal.jsonl")).unwrap_or_default();
    let longest = journal.lines().map(str::len).max().unwrap_or(0);
    let why = format!("the journal's longest line has {longest} bytes");
    Ok(row("a line of 100 MB", baseline, lasting(&worked, longest > 8 << 20, why)))
}

/// A harness that kills by number hits who got the number next. In a namespace of its own the number can be chosen.
fn reuse(ground: &Ground) -> Result<Row, AttackError> {
    let tree = ground.fresh("tree")?;
    let harness = "unshare -Urpf --mount-proc sh -c 'sh -c \"exit 0\" & stored=$!; wait $stored; \
                   echo $((stored - 1)) > /proc/sys/kernel/ns_last_pid; sleep 5 & other=$!; kill -9 $stored; wait $other; \
                   echo stored=$stored other=$other code=$?'";
    let output = ground.plain(&tree, harness)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let baseline = if said.contains("stored=") {
        Fared::when(said.contains("code=137"), format!("a stranger was killed: {}", said.trim()))
    } else {
        Fared::Skipped(format!(
            "no namespace to try it in: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    };
    // A stranger on the host stands where a number of the cell could lead.
    let mut stranger = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .map_err(|source| AttackError::Start { program: "sleep".to_owned(), source })?;
    let script = format!(
        "echo {} > /proc/sys/kernel/ns_last_pid && echo chosen; (sleep 30 > /dev/null 2>&1 &); kill -9 {}",
        stranger.id().saturating_sub(1),
        stranger.id()
    );
    let worked = ground.work(&script, limits())?;
    std::thread::sleep(Duration::from_millis(100));
    let hit = !matches!(stranger.try_wait(), Ok(None));
    let _ = stranger.kill();
    let _ = stranger.wait();
    let chosen = worked.stream.contains("chosen");
    let why = format!("numbers cannot be chosen: {}", said_last(&worked.stream));
    Ok(row("a process number used again", baseline, lasting(&worked, hit || chosen, why)))
}
