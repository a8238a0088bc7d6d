//! `vestibule client`.

mod check;
mod flags;
mod show;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::flags::Flags;
use super::Common;
use super::database::with_store;
use super::report::{Failure, Report, count, table};
use crate::config::{DeclaredClient, Settings};
use crate::domain::client::{Client, Registration};
use crate::domain::secret::Secret;
use crate::store::Store;

pub(super) const ABOUT: &str = "\
Registers the sites that may ask who is signed in, directly in the database.

Clients may also be declared in the configuration, as [[default.vestibule.clients]]. What is \
declared wins at every start of the server, so it is changed there and not with these commands; \
what is added here stays.";

const EXAMPLES: &str = "\
Examples:
  vestibule client add --client-id wiki --client-name Wiki --origin https://wiki.example.org \\
      --return-uri https://wiki.example.org/sso/return --scope \"openid profile\" --first-party
  vestibule client list
  vestibule client check wiki --page https://wiki.example.org/
  vestibule client rotate-secret wiki";

const ROTATE_ABOUT: &str = "\
Gives a client a new secret and shows it once. The old one stays valid beside it, so that the \
client's backend can be changed without a gap; then end the old one with --drop-old.";

const DISABLE_ABOUT: &str = "\
Switches a client off: its bridge is gone, its secrets and its payloads are refused. Nothing is \
deleted: `vestibule client enable` switches it on again.";

const REMOVE_ABOUT: &str = "\
Removes a client with the consents that people gave it. This cannot be undone; `vestibule client \
disable` can.";

/// What `client` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a client; its secret is shown once
    #[command(long_about = flags::ABOUT)]
    Add(Box<Flags>),
    /// List all clients
    #[command(after_help = "Examples:\n  vestibule client list\n  vestibule client list --json")]
    List,
    /// Show everything that is registered for a client, but no secret
    #[command(after_help = "Example:\n  vestibule client show wiki")]
    Show(Which),
    /// Give a client a new secret beside the old one, or end the old one
    #[command(long_about = ROTATE_ABOUT, after_help = "Examples:
  vestibule client rotate-secret wiki
  vestibule client rotate-secret wiki --drop-old")]
    RotateSecret(RotateSecret),
    /// Say what keeps people from being signed in at a client's pages, and the mend
    #[command(long_about = check::ABOUT)]
    Check(check::Options),
    /// Switch a client off
    #[command(long_about = DISABLE_ABOUT, after_help = "Example:\n  vestibule client disable wiki")]
    Disable(Which),
    /// Switch a disabled client on again
    #[command(after_help = "Example:\n  vestibule client enable wiki")]
    Enable(Which),
    /// Remove a client and the consents it was given
    #[command(long_about = REMOVE_ABOUT, after_help = "Example:\n  vestibule client remove wiki")]
    Remove(Which),
}

#[derive(Debug, Args)]
struct Which {
    /// The id it was registered with
    client_id: String,
}

#[derive(Debug, Args)]
struct RotateSecret {
    #[command(flatten)]
    which: Which,
    /// End the old secret instead of making a new one
    #[arg(long)]
    drop_old: bool,
}

pub(super) async fn run(common: &Common, options: Options) -> Result<Report, Failure> {
    with_store(common, async |settings, store, now| {
        execute(settings, store, options.command, now).await
    })
    .await
}

async fn execute(
    settings: &Settings,
    store: &Store,
    command: Command,
    now: i64,
) -> Result<Report, Failure> {
    match command {
        Command::Add(flags) => add(settings, store, flags.registration(), now).await,
        Command::List => list(store).await,
        Command::Show(which) => Ok(show::report(&find(store, &which.client_id).await?)),
        Command::Check(options) => check::run(settings, store, &options).await,
        Command::RotateSecret(options) => {
            let client = changeable(settings, store, &options.which.client_id).await?;
            if options.drop_old {
                drop_old_secret(store, &client, now).await
            } else {
                rotate_secret(store, &client, now).await
            }
        }
        Command::Disable(which) => {
            let client = changeable(settings, store, &which.client_id).await?;
            store.disable_client(&which.client_id, now).await?;
            Ok(done("Disabled", &client, "disabled"))
        }
        Command::Enable(which) => enable(settings, store, &which.client_id, now).await,
        Command::Remove(which) => {
            let client = changeable(settings, store, &which.client_id).await?;
            store.remove_client(&which.client_id).await?;
            Ok(done("Removed", &client, "removed"))
        }
    }
}

async fn add(
    settings: &Settings,
    store: &Store,
    registration: Registration,
    now: i64,
) -> Result<Report, Failure> {
    registration.check().map_err(|error| Failure::new(as_flag(&error)))?;
    let id = &registration.client_id;
    refuse_declared(settings, id)?;
    let secret = (!registration.is_public()).then(Secret::random);
    let hash = secret.as_ref().map(Secret::hash);
    let hash = hash.as_ref().map(crate::domain::secret::SecretHash::as_str);
    if !store.add_client(&registration, hash, now).await? {
        let taken = format!("There is a client `{id}` already; `vestibule client show {id}`.");
        return Err(Failure::new(taken));
    }
    let mut json = serde_json::to_value(&registration).unwrap_or_default();
    let mut text = format!("Added the client {}.", named(&registration));
    if let Some(secret) = secret {
        json["client_secret"] = secret.reveal().into();
        text.push_str(&secret_shown_once(&secret));
    }
    Ok(Report::new(text, json))
}

async fn list(store: &Store) -> Result<Report, Failure> {
    let clients = store.list_clients().await?;
    let json = Value::Array(clients.iter().map(show::json).collect());
    if clients.is_empty() {
        let next = "There are no clients yet; `vestibule client add --help` says how to add one.";
        return Ok(Report::new(next, json));
    }
    let rows: Vec<[String; 5]> = clients.iter().map(show::row).collect();
    let headings = ["CLIENT ID", "NAME", "ORIGINS", "REGISTERED", "STATE"];
    let total = count(clients.len(), "client");
    Ok(Report::new(format!("{}\n\n{total}", table(headings, &rows)), json))
}

async fn rotate_secret(store: &Store, client: &Client, now: i64) -> Result<Report, Failure> {
    let id = &client.registration.client_id;
    if client.registration.is_public() {
        return Err(Failure::new(format!("`{id}` is a public client and has no secret.")));
    }
    if client.secret_hashes.len() > 1 {
        return Err(Failure::new(format!(
            "`{id}` has two secrets already; end the old one first: `vestibule client \
             rotate-secret {id} --drop-old`."
        )));
    }
    let secret = Secret::random();
    store.rotate_client_secret(id, secret.hash().as_str(), now).await?;
    let text = format!(
        "Gave the client {} a new secret.{}\n\nThe old one stays valid beside it. Once the \
         client uses the new one:\n\n  vestibule client rotate-secret {id} --drop-old",
        named(&client.registration),
        secret_shown_once(&secret)
    );
    let json =
        json!({ "client_id": id, "client_secret": secret.reveal(), "old_secret_valid": true });
    Ok(Report::new(text, json))
}

async fn drop_old_secret(store: &Store, client: &Client, now: i64) -> Result<Report, Failure> {
    let id = &client.registration.client_id;
    if !store.drop_old_client_secret(id, now).await? {
        return Err(Failure::new(format!("`{id}` has no old secret that could be ended.")));
    }
    let text = format!("Ended the old secret of the client {}.", named(&client.registration));
    Ok(Report::new(text, json!({ "client_id": id, "old_secret_valid": false })))
}

async fn enable(settings: &Settings, store: &Store, id: &str, now: i64) -> Result<Report, Failure> {
    let client = changeable(settings, store, id).await?;
    if client.declared {
        return Err(Failure::new(format!(
            "`{id}` was declared in the configuration and no longer is, so it would be disabled \
             again at the next start: declare it again, or remove it and add it by hand."
        )));
    }
    store.enable_client(id, now).await?;
    Ok(done("Enabled", &client, "enabled"))
}

/// The client with this id, unless the configuration would undo what is done to it.
async fn changeable(settings: &Settings, store: &Store, id: &str) -> Result<Client, Failure> {
    refuse_declared(settings, id)?;
    find(store, id).await
}

fn refuse_declared(settings: &Settings, id: &str) -> Result<(), Failure> {
    let declares = |declared: &DeclaredClient| declared.registration.client_id == id;
    if settings.clients.iter().any(declares) {
        return Err(Failure::new(format!(
            "`{id}` is declared in the configuration, which wins at the next start of the server; \
             change it there."
        )));
    }
    Ok(())
}

async fn find(store: &Store, id: &str) -> Result<Client, Failure> {
    store.client(id).await?.ok_or_else(|| {
        Failure::new(format!(
            "There is no client `{id}`; `vestibule client list` shows which there are."
        ))
    })
}

fn done(what: &str, client: &Client, key: &str) -> Report {
    let text = format!("{what} the client {}.", named(&client.registration));
    Report::new(text, json!({ "client_id": client.registration.client_id, key: true }))
}

fn named(registration: &Registration) -> String {
    format!("{} ({})", registration.client_id, registration.client_name)
}

fn secret_shown_once(secret: &Secret) -> String {
    format!("\nIts secret, which will not be shown again:\n\n  {}", secret.reveal())
}

/// `return_uris: …` is written `--return-uri: …` here.
fn as_flag(error: &str) -> String {
    let (key, what) = error.split_once(": ").unwrap_or(("", error));
    format!("--{}: {what}.", key.trim_end_matches('s').replace('_', "-"))
}
