//! Says why a room has no stronger tier and, where it is known, what to do.

use std::fs;

use fairtrial_domain::bundle::{Promise, Tier, TierChoice};

/// What the plain tier lacks on other systems beside walls.
const ELSEWHERE: &str = "this system has no namespaces; of a trial's processes only those that stay in its process \
                         group are found and ended, and memory is not watched";

/// Returns what is said of a tier below the full one that was asked for by name.
pub(super) fn asked(choice: TierChoice) -> Option<String> {
    match choice.only()? {
        Tier::Full => None,
        Tier::Bubblewrap => Some("walls made by bwrap were asked for".to_owned()),
        Tier::Container => Some("walls made by a container runtime were asked for".to_owned()),
        Tier::Plain => Some("a plain copy was asked for".to_owned()),
    }
}

/// Returns why a tier cannot be had, where that is known before it is tried.
pub(super) fn hindrance(tier: Tier) -> Option<String> {
    if tier == Tier::Plain {
        return None;
    }
    if cfg!(not(target_os = "linux")) {
        return Some(ELSEWHERE.to_owned());
    }
    if rustix::process::geteuid().is_root() {
        return Some("started as root, whom limits do not bind: start it as an ordinary user".to_owned());
    }
    #[cfg(target_os = "linux")]
    if tier != Tier::Full && crate::linux::wrapping::Maker::found(tier).is_empty() {
        return Some(absent(tier).to_owned());
    }
    None
}

/// Says that no program that makes a tier's walls is there.
#[cfg(target_os = "linux")]
fn absent(tier: Tier) -> &'static str {
    match tier {
        Tier::Container => {
            "neither `crun` nor `runc` is on the PATH: podman brings the one, docker the other"
        }
        Tier::Full | Tier::Bubblewrap | Tier::Plain => {
            "`bwrap` is not on the PATH: install the package bubblewrap"
        }
    }
}

/// Returns whether a tier's rooms have control groups of ours: a container runtime makes its own beside them.
pub(super) fn is_grouped(tier: Tier) -> bool {
    tier != Tier::Container
}

/// Returns a tier's name.
pub(super) fn name(tier: Tier) -> &'static str {
    match tier {
        Tier::Full => "full",
        Tier::Bubblewrap => "bubblewrap",
        Tier::Container => "container",
        Tier::Plain => "plain",
    }
}

/// Says why there is no tier with walls and, where it is known, what to do.
pub(super) fn refusal(step: &str, source: &std::io::Error) -> String {
    let remedy = if fs::read_to_string("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
        .is_ok_and(|v| v.trim() == "1")
    {
        "; AppArmor forbids user namespaces to programs without a profile: install packaging/apparmor/fairtrial-cell, as \
         its first lines say"
    } else if fs::read_to_string("/proc/sys/user/max_user_namespaces").is_ok_and(|v| v.trim() == "0") {
        "; user namespaces are off: set user.max_user_namespaces above 0"
    } else {
        ""
    };
    format!("the system refused `{step}` ({source}){remedy}")
}

/// Tells what stands around the rooms of a tier beside namespaces, and what does not.
pub(super) fn notes(tier: Tier, fenced: bool) -> Vec<String> {
    let mut notes = Vec::new();
    #[cfg(target_os = "linux")]
    if tier.keeps(Promise::CallsFiltered) {
        notes.push("system calls that lead out of a room are filtered".to_owned());
        notes.push(match crate::linux::second::abi() {
            Some(version) => format!("Landlock, interface version {version}, is a second wall"),
            None => "this kernel has no Landlock: there is no second wall behind the mounts".to_owned(),
        });
    }
    notes.push(if fenced {
        "memory and processes are bounded by a control group for each room".to_owned()
    } else {
        "memory is watched by looking at it often, not by a control group".to_owned()
    });
    notes
}
