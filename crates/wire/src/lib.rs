//! Model APIs on the wire: what the bytes of their answers say, the meter between a program and its model, recordings
//! and their replay, list prices, and how a request to Bedrock is signed.
//!
//! **Invariant:** knows nothing of runs.

mod client;
pub mod eventstream;
pub mod families;
pub mod keys;
pub mod left;
pub mod meter;
pub mod prices;
pub mod read;
pub mod recording;
pub mod replay;
pub mod shape;
pub mod sigv4;
pub mod sse;
pub mod talk;

pub use client::{client, stamp};
