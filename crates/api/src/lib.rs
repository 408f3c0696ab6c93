//! One function per use case: the only crate that composes the others. It never prints, exits or holds interface state.

pub mod call;
pub mod view;
