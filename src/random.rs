//! Randomness, from the operating system only.

/// `N` bytes from the system's cryptographic generator.
///
/// # Panics
/// When the system has no randomness to give: nothing safe could be done without it.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A random handle of 32 lower-case hex characters (128 bits), for ids that are not secrets.
#[must_use]
pub fn id() -> String {
    hex::encode(bytes::<16>())
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system's generator answers");
}
