//! Whose fault an error is, from its HTTP status or its words.

use fairtrial_domain::event::FaultKind;

/// Returns whose fault an HTTP status is. A model that does not exist counts as not allowed: it is our setting.
pub(crate) fn by_status(status: u64) -> FaultKind {
    match status {
        401 | 403 | 404 => FaultKind::Auth,
        402 | 429 => FaultKind::RateLimit,
        408 => FaultKind::Network,
        500..=599 => FaultKind::Server,
        _ => FaultKind::Assistant,
    }
}

/// Words that tell a fault, in the order in which they are looked for.
const WORDS: [(&str, FaultKind); 27] = [
    ("invalid api key", FaultKind::Auth),
    ("invalid x-api-key", FaultKind::Auth),
    ("authentication", FaultKind::Auth),
    ("unauthorized", FaultKind::Auth),
    ("not logged in", FaultKind::Auth),
    ("missing environment variable", FaultKind::Auth),
    ("rate_limit", FaultKind::RateLimit),
    ("rate limit", FaultKind::RateLimit),
    ("too many requests", FaultKind::RateLimit),
    ("usage limit", FaultKind::RateLimit),
    ("quota", FaultKind::RateLimit),
    ("billing", FaultKind::RateLimit),
    ("credit balance", FaultKind::RateLimit),
    ("overloaded", FaultKind::Server),
    ("high demand", FaultKind::Server),
    ("internal server error", FaultKind::Server),
    ("server_error", FaultKind::Server),
    ("connection failed", FaultKind::Network),
    ("connection error", FaultKind::Network),
    ("connection refused", FaultKind::Network),
    ("error sending request", FaultKind::Network),
    ("stream disconnected", FaultKind::Network),
    ("waiting for network", FaultKind::Network),
    ("could not connect", FaultKind::Network),
    ("econnrefused", FaultKind::Network),
    ("fetch failed", FaultKind::Network),
    // Without a status there was no answer, or half of one.
    ("api error:", FaultKind::Network),
];

/// Returns whose fault a message tells of: its status where it names one, else its words, else the assistant's.
pub(crate) fn by_words(message: &str) -> FaultKind {
    let lower = message.to_lowercase();
    let status = ["status: ", "status ", "api error: ", "http ", "error code: ", "\"code\":", "\"code\": "]
        .iter()
        .find_map(|before| {
            let at = lower.find(before)? + before.len();
            let digits: String = lower[at..].chars().take_while(char::is_ascii_digit).collect();
            if digits.len() == 3 { digits.parse().ok() } else { None }
        });
    // Some begin with the bare status.
    let status =
        status.or_else(|| lower.split_once(' ')?.0.parse().ok().filter(|status| (400..600).contains(status)));
    if let Some(status) = status {
        return by_status(status);
    }
    WORDS.iter().find(|(word, _)| lower.contains(word)).map_or(FaultKind::Assistant, |(_, fault)| *fault)
}

/// Returns whose fault an error of this name is, as the libraries of Python and JavaScript name them.
pub(crate) fn by_error_name(name: &str) -> FaultKind {
    const NAMES: [(&str, FaultKind); 9] = [
        ("AuthenticationError", FaultKind::Auth),
        ("PermissionDeniedError", FaultKind::Auth),
        ("NotFoundError", FaultKind::Auth),
        ("RateLimitError", FaultKind::RateLimit),
        ("InternalServerError", FaultKind::Server),
        ("ServiceUnavailableError", FaultKind::Server),
        ("APIConnectionError", FaultKind::Network),
        ("APITimeoutError", FaultKind::Network),
        ("Timeout", FaultKind::Network),
    ];
    let found = NAMES.iter().find(|(known, _)| name.contains(known)).map(|(_, fault)| *fault);
    match found {
        // A connection that cannot be made is told as an error of the server by some.
        Some(FaultKind::Server) if by_words(name) == FaultKind::Network => FaultKind::Network,
        Some(fault) => fault,
        None => by_words(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, fault: FaultKind) {
        assert_eq!(by_words(message), fault, "{message}");
    }

    #[test]
    fn a_fault_is_told_by_status_then_by_words() {
        check("unexpected status 401 Unauthorized: no, url: http://x/429", FaultKind::Auth);
        check("exceeded retry limit, last status: 429 Too Many Requests", FaultKind::RateLimit);
        check("API Error: 529 overloaded", FaultKind::Server);
        check("unexpected status 400 Bad Request", FaultKind::Assistant);
        check("We’re currently experiencing high demand", FaultKind::Server);
        check(
            "Reconnecting... waiting for network (Connection failed: error sending request)",
            FaultKind::Network,
        );
        check("You've hit your usage limit", FaultKind::RateLimit);
        check("API Error: Connection closed mid-response.", FaultKind::Network);
        check("API Error: 400 prompt is too long", FaultKind::Assistant);
        check("401 invalid key", FaultKind::Auth);
        check("[API Error: {\"error\":{\"code\":429}}]", FaultKind::RateLimit);
        check("Could not connect to local model provider", FaultKind::Network);
        check("the model looped", FaultKind::Assistant);
    }
}
