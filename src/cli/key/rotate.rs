//! `vestibule key rotate`.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::list::NONE;
use crate::cli::report::{Failure, Report, instant};
use crate::config::Settings;
use crate::domain::signing::Algorithm;
use crate::keys::{Keys, Rotation};
use crate::store::Store;

pub(super) const ABOUT: &str = "\
Makes a new key for each algorithm that has one, or for the one that is named. It is published at \
once and signs ten minutes later, so that every server and every site that asks for the keys now \
and then knows it in time; until then the present key signs. The present key stays published for \
31 days after that. Nobody has to restart anything, and servers do the same by themselves when \
a key is 90 days old.

With --now it signs at once. A site then meets a key that it does not know, and asks again for the \
keys; one that does not ask refuses the token.

With --compromised it signs at once, and the other keys of the algorithm are deleted: servers \
neither publish nor recognise them any longer, and a server that runs drops them within ten \
seconds. A site that remembers them trusts them until it asks for the keys again.";

pub(super) const EXAMPLES: &str = "\
Examples:
  vestibule key rotate
  vestibule key rotate --algorithm RS256 --now
  vestibule key rotate --algorithm ES256 --compromised";

/// What `key rotate` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// `RS256`, `ES256` or `EdDSA` [default: each that has a key]
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    algorithm: Option<Algorithm>,
    /// Let the new key sign at once
    #[arg(long)]
    now: bool,
    /// Let the new key sign at once, and delete the others
    #[arg(long)]
    compromised: bool,
}

impl Options {
    fn rotation(&self) -> Rotation {
        match (self.compromised, self.now) {
            (true, _) => Rotation::Compromised,
            (false, true) => Rotation::Now,
            (false, false) => Rotation::InTime,
        }
    }
}

fn algorithm(name: &str) -> Result<Algorithm, &'static str> {
    Algorithm::parse(name).ok_or("write RS256, ES256 or EdDSA")
}

pub(super) async fn run(
    settings: &Settings,
    store: &Store,
    options: &Options,
    now: i64,
) -> Result<Report, Failure> {
    let sealing = Arc::new(settings.key_encryption_key()?);
    let algorithms = to_rotate(store, options).await?;
    let keys = Keys::open(store.clone(), sealing, now).await?;
    let (mut lines, mut made) = (Vec::new(), Vec::new());
    for algorithm in algorithms {
        let (kid, signs_from) = keys.rotate(algorithm, options.rotation(), now).await?;
        let name = algorithm.as_str();
        lines.push(format!("Made the key {kid} for {name}."));
        made.push(json!({ "kid": kid, "algorithm": name, "signs_from": instant(signs_from) }));
        if options.rotation() == Rotation::InTime {
            lines.push(format!(
                "It signs from {} on; the present one until then.",
                instant(signs_from)
            ));
        }
    }
    lines.push(consequence(options.rotation()).to_owned());
    Ok(Report::new(lines.join("\n"), Value::Array(made)))
}

fn consequence(rotation: Rotation) -> &'static str {
    match rotation {
        Rotation::InTime => "What was signed before is recognised for 31 days after that.",
        Rotation::Now => {
            "It signs now; servers that run take it up within ten seconds. What was signed before \
             is recognised for 31 days."
        }
        Rotation::Compromised => {
            "It signs now and the others are deleted; servers that run follow within ten seconds. \
             Sites that remember the old keys trust them until they ask for the keys again."
        }
    }
}

/// The algorithm that was named, or each; one without a key is nothing to rotate.
async fn to_rotate(store: &Store, options: &Options) -> Result<Vec<Algorithm>, Failure> {
    let rows = store.signing_keys().await?;
    let has_key = |algorithm: &Algorithm| rows.iter().any(|row| row.alg == algorithm.as_str());
    let named = |algorithm: &Algorithm| options.algorithm.is_none_or(|name| name == *algorithm);
    let found: Vec<Algorithm> = Algorithm::ALL.into_iter().filter(has_key).filter(named).collect();
    match (found.is_empty(), options.algorithm.filter(|_| !rows.is_empty())) {
        (false, _) => Ok(found),
        (true, None) => Err(Failure::new(NONE)),
        (true, Some(name)) => Err(Failure::new(format!(
            "There is no key for {} yet; a server makes one when it starts with a client that is \
             registered with it, or needs it.",
            name.as_str()
        ))),
    }
}
