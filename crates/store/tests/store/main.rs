//! The data folder from outside: what is kept, what is refused, what survives.

#![expect(clippy::unwrap_used, reason = "help for tests, which may panic")]
#![expect(clippy::print_stdout, reason = "another process of a test talks to it so")]

mod crash;
mod kept;
mod refused;
mod values;
