//! The HTTP client by which models are asked, and the clock's words for it.

use std::time::Duration;

/// Returns a client for a model at `url`. Proxies of the environment are used, but not to this machine itself.
/// `silence`: how long nothing may come before the connection counts as broken.
///
/// # Errors
/// When this machine has no root certificates.
pub fn client(url: &str, silence: Option<Duration>) -> Result<reqwest::Client, reqwest::Error> {
    // A second client of this process finds the provider in place.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(30))
        .tcp_nodelay(true);
    if let Some(silence) = silence {
        builder = builder.read_timeout(silence);
    }
    if ["http://127.", "http://localhost", "http://[::1]"].iter().any(|own| url.starts_with(own)) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// Returns the day of a moment, given in seconds since 1970, in UTC: `2015-08-30`.
///
/// Source: "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub(crate) fn day(seconds: u64) -> String {
    let days = (seconds / 86_400) as i64 + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns a moment, given in seconds since 1970, as signatures want it: `20150830T123600Z`.
pub fn stamp(seconds: u64) -> String {
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hour:02}{minute:02}{second:02}Z", day(seconds).replace('-', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(
            [day(0), day(951_782_400), day(1_795_305_600)],
            ["1970-01-01", "2000-02-29", "2026-11-22"]
        );
        assert_eq!(stamp(1_440_938_160), "20150830T123600Z");
    }
}
