//! The processes of a room: all of them, whatever session or parent they have given themselves.
//!
//! **Invariant:** a zombie is not alive; this process is never a member.

use std::collections::HashSet;
use std::fs;
use std::io;

use rustix::process::{Pid, Signal, getpid, kill_process};

/// How a room's processes are told from others.
#[derive(Debug, Clone)]
pub(crate) enum Family {
    /// All of this namespace, whose first process this is.
    Namespace,
    /// Descendants of this process, and those that carry `FAIRTRIAL_RUN` with this value.
    Marked(String),
    /// Only those that carry it.
    Carrying(String),
}

/// A living process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: i32,
    parent: i32,
    pub(crate) name: String,
}

impl Family {
    /// Returns the living.
    pub(crate) fn members(&self) -> Vec<Member> {
        let me = getpid().as_raw_nonzero().get();
        let all = living();
        match self {
            Family::Namespace => all.into_iter().filter(|m| m.pid != me).collect(),
            Family::Marked(marker) => {
                let descendants = descendants(&all, me);
                let ours = |m: &Member| descendants.contains(&m.pid) || carries(m.pid, marker);
                all.into_iter().filter(|m| m.pid != me && ours(m)).collect()
            }
            Family::Carrying(marker) => {
                all.into_iter().filter(|m| m.pid != me && carries(m.pid, marker)).collect()
            }
        }
    }

    /// Returns whether nobody lives.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            // Asking costs less than listing, but counts zombies.
            Family::Namespace => !everyone(None) || self.members().is_empty(),
            Family::Marked(_) | Family::Carrying(_) => self.members().is_empty(),
        }
    }

    /// Sends a signal to every member.
    pub(crate) fn signal(&self, signal: Signal) {
        match self {
            Family::Namespace => {
                // Nobody left is what a signal is for.
                let _reached = everyone(Some(signal));
            }
            Family::Marked(_) | Family::Carrying(_) => {
                for member in self.members() {
                    if let Some(pid) = Pid::from_raw(member.pid) {
                        // It may have ended since.
                        let _gone = kill_process(pid, signal);
                    }
                }
            }
        }
    }
}

/// Signals all processes of the namespace but this, its first, at once, so that no fork slips through; without a signal
/// it only asks. Returns false when it is certain that there is nobody, zombies counted.
#[expect(unsafe_code, reason = "rustix has no kill(-1)")]
fn everyone(signal: Option<Signal>) -> bool {
    // Outside a namespace of its own this would reach every process of the user.
    if getpid() != Pid::INIT {
        return true;
    }
    // SAFETY: kill has no memory effects.
    let reached = unsafe { libc::kill(-1, signal.map_or(0, Signal::as_raw)) };
    reached == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

fn living() -> Vec<Member> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)).collect()
}

/// Reads `pid (name) state parent …`, where the name may hold anything; `None` for a zombie.
fn parse_stat(stat: &str) -> Option<Member> {
    let (pid, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    Some(Member { pid: pid.parse().ok()?, parent, name: name.to_owned() })
}

fn descendants(all: &[Member], of: i32) -> HashSet<i32> {
    let mut found = HashSet::from([of]);
    loop {
        let before = found.len();
        found.extend(all.iter().filter(|m| found.contains(&m.parent)).map(|m| m.pid).collect::<Vec<_>>());
        if found.len() == before {
            return found;
        }
    }
}

fn carries(pid: i32, marker: &str) -> bool {
    let wanted = format!("FAIRTRIAL_RUN={marker}");
    let environ: io::Result<Vec<u8>> = fs::read(format!("/proc/{pid}/environ"));
    environ.is_ok_and(|e| e.split(|b| *b == 0).any(|v| v == wanted.as_bytes()))
}

/// Kills whatever carries `marker`, for when a warden was lost; gives up after a second.
pub(crate) fn kill_marked(marker: &str) {
    let family = Family::Carrying(marker.to_owned());
    for _ in 0..50 {
        if family.members().is_empty() {
            return;
        }
        family.signal(Signal::KILL);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_call_itself_anything() {
        let got = parse_stat("42 (a) Z 7 (b) S 41 42 42 0\n").unwrap();
        assert_eq!(got, Member { pid: 42, parent: 41, name: "a) Z 7 (b".into() });
    }

    #[test]
    fn a_zombie_is_not_alive() {
        assert_eq!(parse_stat("42 (sh) Z 41 42 42 0\n"), None);
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn descent_goes_through_every_generation() {
        let all =
            [(2, 1), (4, 3), (3, 2), (9, 8)].map(|(pid, parent)| Member { pid, parent, name: String::new() });
        let mut found: Vec<i32> = descendants(&all, 2).into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, [2, 3, 4]);
    }
}
