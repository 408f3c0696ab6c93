//! What works everywhere, without isolation: a full copy as the same user.

pub(crate) mod copy;
