//! Model APIs on the wire: what their bytes say, the meter that reads them as they pass, recordings of whole
//! exchanges, and public list prices.
//!
//! **Invariant:** knows nothing of runs; a key is put into a request and nowhere else.

pub mod eventstream;
pub mod read;
pub mod sigv4;
pub mod sse;
