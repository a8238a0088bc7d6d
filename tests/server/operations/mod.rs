//! Operations: asked by backends, answered by people.

mod answering;
mod asking;
mod attacks;
mod ending;
mod failed_sign_ins;
mod list;
mod nobody;
mod numbers;
mod waiting_pages;
