//! Runs a program to its end and tells what it cost: wall, CPU with everything it waited for, and its peak memory.
//!
//! **Invariant:** a program that fails has no cost: it is an error with its last words.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::BenchError;

/// How often a program's memory is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// A namespace whose program has ended is gone by then.
const WINDING_UP: Duration = Duration::from_secs(5);
/// What the kernel counts a process's time in, whatever its own clock.
const TICK_MS: f64 = 10.0;

/// What one execution cost.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cost {
    /// From its start until it was waited for, in milliseconds.
    pub wall_ms: f64,
    /// User and system time of it and everything that was waited for below it, in milliseconds.
    pub cpu_ms: f64,
    /// The part of it that is its own, to a hundredth of a second; `None` when it was gone before it could be looked at.
    pub own_ms: Option<f64>,
    /// Its own high-water mark in MB (10⁶ bytes), `None` when it was gone before it could be looked at.
    pub peak_mb: Option<f64>,
    /// What it wrote to standard output.
    pub output: String,
}

/// Runs `command` to its end. Nothing else may be waited for meanwhile in this process.
pub(super) fn measure(command: &mut Command) -> Result<Cost, BenchError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |source| BenchError::Start { program: name.clone(), source };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let cpu = children_ms().map_err(failed)?;
    let begin = Instant::now();
    let child = command.spawn().map_err(failed)?;
    let (pid, over) = (child.id(), AtomicBool::new(false));
    let (output, wall, (peak_mb, own_ms)) = thread::scope(|scope| {
        let watch = scope.spawn(|| watch(pid, &over));
        let output = child.wait_with_output();
        let wall = begin.elapsed();
        over.store(true, Ordering::Relaxed);
        (output, wall, watch.join().unwrap_or_default())
    });
    let output = output.map_err(failed)?;
    bury_orphans();
    let cpu_ms = children_ms().map_err(failed)? - cpu;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned();
        return Err(BenchError::Failed { program: name, how: output.status.to_string(), said });
    }
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Cost { wall_ms: wall.as_secs_f64() * 1e3, cpu_ms, own_ms, peak_mb, output })
}

/// Whether this process waits for what its children leave behind.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// Has this process inherit what its children leave behind, so that its cost counts too: `bwrap` ends without waiting
/// for the first process of its namespaces, which makes them and is the dearer one. Only for a process that measures
/// and does nothing else, since it waits for every child from now on. Fails when such cost is not seen.
#[cfg(target_os = "linux")]
pub(super) fn adopt_orphans() -> Result<(), BenchError> {
    let adopted = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    adopted.map_err(|e| BenchError::Start { program: "a child subreaper".to_owned(), source: e.into() })?;
    ADOPTS.store(true, Ordering::Relaxed);
    let left_behind = "(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done) >/dev/null 2>&1 &";
    let cost = measure(Command::new("sh").args(["-c", left_behind]))?;
    let seen = cost.cpu_ms > 5.0;
    let why = || format!("what a program leaves behind is not counted: {cost:?}");
    if seen { Ok(()) } else { Err(BenchError::Wrong { what: "CPU".to_owned(), why: why() }) }
}

/// Elsewhere there is no `bwrap`.
#[cfg(not(target_os = "linux"))]
pub(super) fn adopt_orphans() -> Result<(), BenchError> {
    Ok(())
}

/// Waits for what was left behind, as long as that may take to end by itself.
fn bury_orphans() {
    let begin = Instant::now();
    while ADOPTS.load(Ordering::Relaxed) && begin.elapsed() < WINDING_UP {
        match rustix::process::wait(rustix::process::WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => thread::sleep(Duration::from_micros(200)),
            Err(_) => return,
        }
    }
}

/// Returns user and system milliseconds of all children that were waited for, with theirs.
#[expect(unsafe_code, reason = "neither std nor rustix asks for the usage of children")]
fn children_ms() -> io::Result<f64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is valid for one `rusage`, which the call fills when it returns 0.
    let usage = unsafe {
        if libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) != 0 {
            return Err(io::Error::last_os_error());
        }
        usage.assume_init()
    };
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    Ok(ms(usage.ru_utime) + ms(usage.ru_stime))
}

/// Looks at a process's high-water mark and its own CPU until it is over. Both only grow, so the last look counts.
fn watch(pid: u32, over: &AtomicBool) -> (Option<f64>, Option<f64>) {
    let [status, stat] = ["status", "stat"].map(|file| format!("/proc/{pid}/{file}"));
    let (mut peak, mut own) = (None, None);
    while !over.load(Ordering::Relaxed) {
        peak = high_water_mb(&fs::read_to_string(&status).unwrap_or_default()).or(peak);
        own = own_ms(&fs::read_to_string(&stat).unwrap_or_default()).or(own);
        thread::sleep(LOOK);
    }
    (peak, own)
}

/// Reads user and system time of all threads, the 14th and 15th fields, counted after the name, which may hold anything.
fn own_ms(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut times = rest.split(' ').skip(11).map(str::parse::<u32>);
    Some(f64::from(times.next()?.ok()? + times.next()?.ok()?) * TICK_MS)
}

fn high_water_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Cost, BenchError> {
        measure(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn the_high_water_mark_is_read_from_what_the_kernel_tells() {
        let check = |text: &str, mb: Option<f64>| assert_eq!(high_water_mb(text), mb);
        check("Name:\tx\nVmHWM:\t    1000 kB\nVmRSS:\t 4 kB\n", Some(1.024));
        check("Name:\tx\n", None);
        check("VmHWM:\tmuch kB\n", None);
        check("VmHWM:\t5\n", None);
    }

    #[test]
    fn own_time_is_found_behind_any_name() {
        let check = |text: &str, ms: Option<f64>| assert_eq!(own_ms(text), ms);
        check("7 (a) S b) S 1 2 3 4 5 6 7 8 9 10 25 17 900 900 20", Some(420.0));
        check("7 (a) S 1 2 3", None);
        check("", None);
    }

    #[test]
    fn the_work_of_grandchildren_counts() {
        let busy = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let cost = shell(&format!("sh -c '{busy}'; echo done")).unwrap();
        assert_eq!(cost.output, "done\n");
        assert!(cost.cpu_ms > 5.0 && cost.wall_ms > 5.0, "{cost:?}");
        assert!(cost.peak_mb.is_some_and(|mb| mb > 0.1 && mb < 100.0), "{cost:?}");
    }

    #[test]
    fn a_failure_has_no_cost() {
        let told = shell("echo first >&2; echo last >&2; exit 3").unwrap_err().to_string();
        assert_eq!(told, "`sh` ended with exit status: 3 and said: last");
        let absent = measure(&mut Command::new("/no/such/program")).unwrap_err().to_string();
        assert_eq!(absent, "could not run `/no/such/program`");
    }
}
