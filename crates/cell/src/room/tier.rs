//! Says why a room has no full tier and, where it is known, what to do.

use std::fs;

use fairtrial_domain::bundle::{Tier, TierChoice};

/// What the plain tier lacks on other systems beside walls.
const ELSEWHERE: &str = "this system has no namespaces; of a trial's processes only those that stay in its process \
                         group are found and ended, and memory is not watched";

/// Returns why a room is to be a plain one, where that is known before it is tried.
pub(super) fn reason_for_plain(choice: TierChoice) -> Option<String> {
    if cfg!(not(target_os = "linux")) {
        return Some(ELSEWHERE.to_owned());
    }
    match choice {
        TierChoice::Plain => Some("a plain copy was asked for".to_owned()),
        TierChoice::Best => rustix::process::geteuid()
            .is_root()
            .then(|| "started as root, whom limits do not bind: start it as an ordinary user".to_owned()),
    }
}

/// Says why there is no full tier and, where it is known, what to do.
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
pub(super) fn notes(tier: Tier) -> Vec<String> {
    let mut notes = Vec::new();
    #[cfg(target_os = "linux")]
    if tier == Tier::Full {
        notes.push("system calls that lead out of a room are filtered".to_owned());
        notes.push(match crate::linux::second::abi() {
            Some(version) => format!("Landlock, interface version {version}, is a second wall"),
            None => "this kernel has no Landlock: there is no second wall behind the mounts".to_owned(),
        });
    }
    if tier == Tier::Full {
        notes.push("memory is watched by looking at it often, not by a control group".to_owned());
    }
    notes
}
