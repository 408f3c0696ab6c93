//! What the processes that this one has buried took of the machine.

/// Returns CPU seconds of all buried processes and peak bytes of the largest.
#[expect(unsafe_code, reason = "neither std nor rustix has getrusage")]
pub(crate) fn spent() -> (f64, u64) {
    // Linux counts kibibytes here, the BSDs' heirs bytes.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    // SAFETY: an all-zero rusage is valid, and the call writes to nothing else.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut used);
        used
    };
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    (seconds(used.ru_utime) + seconds(used.ru_stime), u64::try_from(used.ru_maxrss).unwrap_or(0) * unit)
}
