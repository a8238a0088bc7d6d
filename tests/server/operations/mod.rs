//! Operations, asked by backends.

mod answering;
mod asking;
mod ending;
mod nobody;
