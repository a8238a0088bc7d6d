//! A password from standard input, by the rules of the sign-up page.

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};

use zeroize::Zeroizing;

use crate::cli::report::Failure;
use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::account::Profile;
use crate::domain::password;
use crate::limits::NetworkKey;
use crate::passwords::{Lane, Pool, PoolSettings};

/// The most bytes that 1,024 characters and a newline can have, and one more.
const MOST_INPUT: u64 = 4 * 1_024 + 3;

/// Reads a password, checks it and hashes it.
pub(super) async fn new_password(settings: &Settings, whose: &Profile) -> Result<String, Failure> {
    let password = read_password(std::io::stdin().lock())?;
    password::check(&password, whose, &settings.brand.name)
        .map_err(|why| Failure::new(format!("The password is refused: {why}")))?;
    let size =
        PoolSettings { cost: settings.password_hash.cost, threads: 1, ..PoolSettings::default() };
    let pool = Pool::start(size, Clock::system())
        .map_err(|error| Failure::new(format!("Cannot hash: {error}.")))?;
    let here = NetworkKey::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let hashed =
        pool.hash(Lane { network: here, known_device: true, suspect: false }, &password).await;
    hashed.map_err(|_| Failure::new("The password could not be hashed in time; try again."))
}

fn read_password(input: impl Read) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = input.take(MOST_INPUT).read_to_string(&mut text);
    read.map_err(|error| {
        Failure::new(format!("No password can be read from standard input: {error}."))
    })?;
    let kept = text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t));
    Ok(Zeroizing::new(kept.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_newline_at_the_end_is_no_part_of_a_password() {
        let read = |input: &str| read_password(input.as_bytes()).map(|p| p.to_string()).ok();
        assert_eq!(read("drink me \n").as_deref(), Some("drink me "));
        assert_eq!(read("drink me\r\n").as_deref(), Some("drink me"));
        assert_eq!(read("drink me\n\n").as_deref(), Some("drink me\n"));
        assert_eq!(read("drink me").as_deref(), Some("drink me"));
        assert!(read_password(&b"\xff"[..]).is_err());
    }

    #[test]
    fn a_password_that_is_too_long_is_not_cut_to_a_good_one() {
        let long = "🐇".repeat(1_025);
        let read = read_password(long.as_bytes());
        let whose = Profile::parse("alice", "alice@example.org", "Alice").expect("valid");
        assert!(read.map_or(true, |p| password::check(&p, &whose, "").is_err()));
    }
}
