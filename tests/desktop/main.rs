//! The real window under a display: what its users see, and what hostile text cannot do there.
//!
//! Run by `scripts/test`, as an ordinary user and with a display. Pictures of every screen, light and dark, English
//! and Arabic, go to `FAIRTRIAL_SHOTS`, else to `screenshots` in the target folder.

#[cfg(test)]
mod attack;
#[cfg(test)]
mod closing;
#[cfg(test)]
mod comparison;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod screens;
#[cfg(test)]
mod window;
