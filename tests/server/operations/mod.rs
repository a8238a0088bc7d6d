//! Operations, asked by backends.

mod asking;
mod ending;
mod nobody;
