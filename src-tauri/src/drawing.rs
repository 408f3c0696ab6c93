//! Works round a window that stays blank with NVIDIA's driver.
//!
//! WebKitGTK hands its frames over as DMABUF, which that driver does not always show; a variable turns it off. To set
//! a variable in a running program is unsafe, so the program starts itself again with it, before it has any thread.
//!
//! **Invariant:** a variable that the user set stays as it is, and the program starts again at most once.

#[cfg(target_os = "linux")]
use std::ffi::OsStr;
#[cfg(target_os = "linux")]
use std::path::Path;

/// Where the kernel tells that NVIDIA's driver is loaded.
#[cfg(target_os = "linux")]
const DRIVER: &str = "/proc/driver/nvidia/version";
#[cfg(target_os = "linux")]
const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Starts this program again without DMABUF where the window would stay blank. Returns when there is nothing to do.
#[cfg(target_os = "linux")]
pub(crate) fn avoid_blank_window() {
    use std::os::unix::process::CommandExt as _;

    let driven = std::env::var_os(crate::AUTOMATION);
    if !needs_switch(Path::new(DRIVER), std::env::var_os(SWITCH).as_deref(), driven.as_deref()) {
        return;
    }
    let failed = std::env::current_exe().map(|program| {
        std::process::Command::new(program).args(std::env::args_os().skip(1)).env(SWITCH, "1").exec()
    });
    let (Ok(error) | Err(error)) = failed;
    eprintln!("fairtrial-desktop: should the window stay blank, start it with {SWITCH}=1 ({error})");
}

/// Other systems draw with their own engines.
#[cfg(not(target_os = "linux"))]
pub(crate) fn avoid_blank_window() {}

/// A driver of tests takes pictures, which never come without DMABUF: there it stays on.
#[cfg(target_os = "linux")]
fn needs_switch(driver: &Path, switch: Option<&OsStr>, driven: Option<&OsStr>) -> bool {
    switch.is_none() && driven.is_none() && driver.exists()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_nvidia_without_a_choice_of_the_user_starts_again() {
        let (there, absent) = (Path::new("/proc/self/status"), Path::new("/proc/driver/of-nobody"));
        let set = Some(OsStr::new("0"));
        assert!(needs_switch(there, None, None));
        assert!(!needs_switch(there, set, None), "the user's own choice");
        assert!(!needs_switch(there, None, set), "a driver of tests");
        assert!(!needs_switch(absent, None, None));
    }
}
