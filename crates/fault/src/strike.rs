//! Reads which fault is ordered, counts who met its point, and strikes.

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
    ORDER.get_or_init(|| read(&std::env::var(crate::VARIABLE).ok()?)).as_ref()
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

pub(crate) fn point(name: &'static str) -> io::Result<()> {
    debug_assert!(crate::POINTS.contains(&name), "{name} is not listed");
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
        assert_eq!((order.point.as_str(), order.nth, order.counter.as_str()), ("blob sync", 3, "/tmp/a:b"));
        for odd in ["", "eio", "eio:p", "eio:p:x:t", "eio:p:1", "other:p:1:t"] {
            assert!(read(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn without_an_order_nothing_happens() {
        assert!(crate::POINTS.iter().all(|name| point(name).is_ok()));
    }
}
