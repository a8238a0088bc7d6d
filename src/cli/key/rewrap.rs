//! `vestibule key rewrap`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::report::{Failure, Report, count};
use crate::config::{Settings, key_file};
use crate::store::Store;
use crate::store::secrets::Rewrapped;

pub(super) const ABOUT: &str = "\
Changes the key-encryption key: what is sealed in the database with the key at \
key_encryption_key_file is sealed with the one in the new file instead, in one transaction. When \
anything is sealed with neither, nothing is changed. Run it again if you are not sure that it came \
to its end: what is done is not done twice.

Then name the new file as key_encryption_key_file and restart every server; one that starts with \
the old key refuses to. A server that still runs goes on with what it has opened: the keys that \
sign now and those that wait to, if they were made a minute or more before the change. It makes no \
keys, and it cannot sign once a key that was made after the change takes over: restart it before \
the next rotation.

Backups from before the change are sealed with the old key: keep it as long as you keep them. If \
the old key leaked together with a copy of the database, run `vestibule key rotate --compromised` \
afterwards, since whoever has both can open the keys that sign now.";

pub(super) const EXAMPLES: &str = "\
Example:
  head -c 32 /dev/urandom > new.key && chmod 600 new.key
  vestibule key rewrap --new-key-file new.key";

/// What `key rewrap` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The new key-encryption key: 32 bytes, or 64 hexadecimal characters
    #[arg(long, value_name = "FILE")]
    new_key_file: PathBuf,
}

pub(super) async fn run(
    settings: &Settings,
    store: &Store,
    options: &Options,
) -> Result<Report, Failure> {
    let old = settings.key_encryption_key()?;
    let new = key_file(&options.new_key_file)
        .map_err(|error| Failure::new(format!("--new-key-file: {error}.")))?;
    let Some(done) = store.rewrap(&old, &new).await? else {
        return Err(Failure::new(
            "Nothing is changed: something in the database is sealed neither with the key at \
             key_encryption_key_file nor with the new one; name the file of the key that servers \
             run with.",
        ));
    };
    let file = options.new_key_file.display().to_string();
    let json = json!({
        "resealed": done.resealed, "already_sealed": done.already, "new_key_file": file,
    });
    Ok(Report::new(text(done, &file), json))
}

fn text(done: Rewrapped, file: &str) -> String {
    let what = match done {
        Rewrapped { resealed: 0, already: 0 } => {
            return "Nothing in the database is sealed yet, so nothing had to be done.".into();
        }
        Rewrapped { resealed: 0, .. } => {
            format!("Everything is sealed with the key in {file} already; nothing had to be done.")
        }
        Rewrapped { resealed, .. } => {
            format!("Sealed {} with the key in {file}.", count(resealed, "value"))
        }
    };
    format!(
        "{what}\n\nName it as key_encryption_key_file and restart every server that was started \
         with another.\nKeep the old key as long as you keep backups from before."
    )
}
