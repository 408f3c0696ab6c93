//! The data folder from outside: what is kept, what is refused, what survives.

mod crash;
mod kept;
mod refused;
mod values;
