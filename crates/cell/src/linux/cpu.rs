//! What living processes have taken of the processors.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

/// One process, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Used {
    pid: i32,
    parent: i32,
    own: u64,
    /// Of the children it has buried.
    buried: u64,
}

/// Returns the CPU time of all processes below `root` and of those that it has buried, without its own; `None` when it
/// cannot be read.
pub(crate) fn below(root: i32) -> Option<Duration> {
    let entries = fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    let all: Vec<Used> =
        pids.filter_map(|pid| parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect();
    sum(&all, root).map(|ticks| Duration::from_secs_f64(ticks as f64 / per_second()))
}

fn sum(all: &[Used], root: i32) -> Option<u64> {
    let first = all.iter().find(|one| one.pid == root)?;
    let mut found = HashSet::from([root]);
    let mut total = first.buried;
    loop {
        let next: Vec<&Used> =
            all.iter().filter(|one| found.contains(&one.parent) && !found.contains(&one.pid)).collect();
        if next.is_empty() {
            return Some(total);
        }
        found.extend(next.iter().map(|one| one.pid));
        total += next.iter().map(|one| one.own + one.buried).sum::<u64>();
    }
}

/// Reads `pid (name) state parent …`, where the name may hold anything. A zombie counts until it is buried.
fn parse(stat: &str) -> Option<Used> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Used {
        pid: pid.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        buried: number(13)? + number(14)?,
    })
}

#[expect(unsafe_code, reason = "what std does not ask")]
fn per_second() -> f64 {
    // SAFETY: sysconf has no memory effects.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    if ticks > 0 { ticks as f64 } else { 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_below_count_and_the_root_only_by_what_it_has_buried() {
        let used = |pid, parent, own, buried| Used { pid, parent, own, buried };
        let all = [
            used(9, 7, 10, 1),
            used(1, 0, 999, 999),
            used(7, 5, 100, 3),
            used(5, 1, 5000, 20),
            used(8, 1, 7, 7),
        ];
        assert_eq!(sum(&all, 5), Some(134));
        assert_eq!(sum(&all, 6), None);
    }

    #[test]
    fn times_stand_behind_any_name() {
        let stat = "42 (a) Z 7 (b) S 41 42 42 0 -1 4194560 1 2 3 4 50 6 700 8 20 0 1 0 99";
        assert_eq!(parse(stat), Some(Used { pid: 42, parent: 41, own: 56, buried: 708 }));
        assert_eq!(parse("42 (sh) S 41 42"), None);
    }

    #[test]
    fn what_this_process_works_is_not_below_it() {
        assert_eq!(below(i32::MAX), None);
        assert!(below(rustix::process::getpid().as_raw_nonzero().get()).is_some());
    }
}
