//! The environment of cells.
//!
//! **Invariant:** a variable that is not listed here reaches no cell.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// What the processes of cells get of the environment: enough to find toolchains and the way out. What runs in a cell
/// gets none of it but through the cell; in the plain tier, where nothing is walled off, a proxy's password can be read.
pub(crate) fn cell_environment() -> BTreeMap<OsString, OsString> {
    const PASSED_ON: &[&str] = &[
        "PATH",
        "HOME",
        "RUSTUP_HOME",
        "CARGO_HOME",
        "PYENV_ROOT",
        "NVM_DIR",
        "TMPDIR",
        "LANG",
        // The meter's way to the model.
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "https_proxy",
        "http_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ];
    // A release has no points at which it strikes.
    let fault = cfg!(debug_assertions).then_some("FAIRTRIAL_FAULT");
    PASSED_ON
        .iter()
        .copied()
        .chain(fault)
        .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
        .collect()
}
