//! Reads, writes, measures, aligns and compares patches. Pure: texts and values in, values out.
//!
//! **Invariant:** a figure is exact, or missing with its reason; odd or huge input never panics.

pub mod distance;
pub mod hunks;
pub mod measure;
pub mod moved;
pub mod overlap;
pub mod rename;
pub mod similarity;
pub mod unified;

mod align;
mod columns;
mod histogram;
mod lines;
mod numbers;
mod paths;
mod row;
mod stacked;
mod visible;
mod words;

pub use columns::{columns, columns_of};
pub use paths::Paths;
pub use row::{CLIP_CHARS, DISPLAY_BYTES, DISPLAY_LINES};
pub use stacked::{stacked, stacked_of};
pub use visible::visible;

#[cfg(test)]
mod tests {
    pub(crate) mod arbitrary;
}
