//! Points at which a test lets a write fail, or the process end: one at every write, sync and rename of what must last.
//!
//! **Invariant:** in a release a point does nothing; elsewhere it does nothing unless the variable `FAIRTRIAL_FAULT` is
//! set to `KIND:POINT:NTH:COUNTER` (kind `enospc`, `eio` or `crash`), and then it strikes once, when all processes that
//! share the file COUNTER have met it NTH times together.

use std::io;

/// The variable that orders a fault.
pub const VARIABLE: &str = "FAIRTRIAL_FAULT";

/// Every point, in the order in which a trial meets them.
pub const POINTS: [&str; 17] = [
    "transaction begin",
    "transaction commit",
    "transaction end",
    "blob create",
    "blob write",
    "blob sync",
    "blob rename",
    "blob folder sync",
    "journal create",
    "journal line",
    "journal force",
    "base write",
    "base rename",
    "patch create",
    "patch write",
    "patch sync",
    "patch rename",
];

/// A place where a write may fail, or the process end.
///
/// # Errors
/// Only where a test ordered it.
#[inline]
pub fn point(name: &'static str) -> io::Result<()> {
    if cfg!(debug_assertions) { strike::point(name) } else { Ok(()) }
}

/// A place where the process may end but nothing can fail any more.
#[inline]
pub fn end_point(name: &'static str) {
    if cfg!(debug_assertions) {
        // An error would come too late to mean anything.
        let _late = strike::point(name);
    }
}

mod strike {
    use std::io::{self, Seek, Write};
    use std::sync::OnceLock;

    struct Order {
        kind: Kind,
        point: String,
        nth: u64,
        counter: String,
    }

    #[derive(Clone, Copy)]
    enum Kind {
        Full,
        Broken,
        Crash,
    }

    fn order() -> Option<&'static Order> {
        static ORDER: OnceLock<Option<Order>> = OnceLock::new();
        ORDER.get_or_init(|| read(&std::env::var(super::VARIABLE).ok()?)).as_ref()
    }

    fn read(text: &str) -> Option<Order> {
        let mut parts = text.splitn(4, ':');
        let kind = match parts.next()? {
            "enospc" => Kind::Full,
            "eio" => Kind::Broken,
            "crash" => Kind::Crash,
            _odd => return None,
        };
        let (point, nth, counter) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?);
        Some(Order { kind, point, nth, counter: counter.to_owned() })
    }

    /// Returns how many processes have been here by now, this one included.
    fn count(path: &str) -> io::Result<u64> {
        let mut file = std::fs::File::options().append(true).create(true).open(path)?;
        file.write_all(b".")?;
        // Where this process's own byte ends, whoever writes at the same time.
        file.stream_position()
    }

    pub(super) fn point(name: &'static str) -> io::Result<()> {
        debug_assert!(super::POINTS.contains(&name), "{name} is not listed");
        let Some(order) = order().filter(|order| order.point == name) else { return Ok(()) };
        // A counter that cannot be written orders nothing.
        if count(&order.counter).unwrap_or_default() != order.nth {
            return Ok(());
        }
        match order.kind {
            // Numbers of Linux, and of the BSDs too.
            Kind::Full => Err(io::Error::from_raw_os_error(28)),
            Kind::Broken => Err(io::Error::from_raw_os_error(5)),
            Kind::Crash => std::process::abort(),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_order_is_read_whole_or_not_at_all() {
            let order = read("eio:blob sync:3:/tmp/a:b").unwrap();
            assert_eq!(
                (order.point.as_str(), order.nth, order.counter.as_str()),
                ("blob sync", 3, "/tmp/a:b")
            );
            for odd in ["", "eio", "eio:p", "eio:p:x:t", "eio:p:1", "other:p:1:t"] {
                assert!(read(odd).is_none(), "{odd}");
            }
        }

        #[test]
        fn without_an_order_nothing_happens() {
            assert!(super::super::POINTS.iter().all(|name| point(name).is_ok()));
        }
    }
}
