//! Model APIs on the wire: what the bytes of their answers say, and how a request to Bedrock is signed.
//!
//! **Invariant:** knows nothing of runs.

pub mod eventstream;
pub mod read;
pub mod sigv4;
pub mod sse;
