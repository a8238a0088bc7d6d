//! Identification: a page that waits, a window of ours, and a provider that proves who somebody is.

mod attacks;
mod keeping;
mod monitor;
mod secrets;
mod socket;
mod stamp;
mod story;
