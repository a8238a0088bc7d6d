//! `vestibule account`.

mod new_password;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use self::new_password::new_password;
use super::Common;
use super::database::with_store;
use super::report::{Failure, Report, count, day, instant, table};
use crate::config::Settings;
use crate::domain::account::{Account, Profile};
use crate::store::Store;
use crate::store::accounts::Added;

pub(super) const ABOUT: &str = "\
Adds, lists, disables and enables accounts, and sets their passwords, directly in the database: it \
works whether or not a server is running, and counts from the next request on.";

const EXAMPLES: &str = "\
Examples:
  vestibule account add --username alice --email alice@example.org --full-name \"Alice Liddell\" \\
      --password-stdin < password.txt
  vestibule account list
  vestibule account set-password alice --password-stdin < password.txt
  vestibule account disable alice@example.org";

const ADD_ABOUT: &str = "\
Adds an account, also where `sign_up` is closed. The same rules hold as on the sign-up page: a \
password has 8 to 1,024 characters and is neither a common one nor made of the person's own words.

The password comes from standard input, since the arguments of a command can be read by others; \
one newline at the end is not part of it.";

const SET_PASSWORD_ABOUT: &str = "\
Sets the password of an account from standard input (one newline at the end is not part of it) and \
ends all its sessions.";

const DISABLE_ABOUT: &str = "\
Closes an account to sign-in and ends all its sessions at once. Nothing is deleted: `vestibule \
account enable` opens it again.";

/// How many accounts are read at a time.
const PAGE: i64 = 500;

/// What `account` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account
    #[command(long_about = ADD_ABOUT, after_help = "Example:
  vestibule account add --username alice --email alice@example.org --full-name \"Alice Liddell\" \\
      --password-stdin < password.txt")]
    Add(Add),
    /// List all accounts
    #[command(after_help = "Examples:\n  vestibule account list\n  vestibule account list --json")]
    List,
    /// Close an account to sign-in and end its sessions
    #[command(long_about = DISABLE_ABOUT, after_help = "Example:\n  vestibule account disable alice")]
    Disable(Whose),
    /// Open a disabled account again
    #[command(after_help = "Example:\n  vestibule account enable alice")]
    Enable(Whose),
    /// Set the password of an account and end its sessions
    #[command(long_about = SET_PASSWORD_ABOUT, after_help = "Example:
  vestibule account set-password alice --password-stdin < password.txt")]
    SetPassword(SetPassword),
}

#[derive(Debug, Args)]
struct Add {
    /// 2 to 40 letters, digits, dots, hyphens and underscores
    #[arg(long, value_name = "NAME")]
    username: String,
    /// An address like alice@example.org
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The name that others see
    #[arg(long, value_name = "NAME")]
    full_name: String,
    #[command(flatten)]
    password: FromStdin,
}

#[derive(Debug, Args)]
struct Whose {
    /// Username, e-mail address or uid
    #[arg(value_name = "ACCOUNT")]
    login: String,
}

#[derive(Debug, Args)]
struct SetPassword {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    password: FromStdin,
}

#[derive(Debug, Args)]
struct FromStdin {
    /// Read the password from standard input; there is no other way to give it
    #[arg(long, required = true)]
    password_stdin: bool,
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
        Command::Add(add) => self::add(settings, store, &add, now).await,
        Command::List => list(store).await,
        Command::Disable(whose) => {
            let account = find(store, &whose.login).await?;
            store.disable_account(&account.uid, now).await?;
            Ok(done("Disabled", &account, "; all its sessions have ended", "disabled"))
        }
        Command::Enable(whose) => {
            let account = find(store, &whose.login).await?;
            store.enable_account(&account.uid, now).await?;
            Ok(done("Enabled", &account, "", "enabled"))
        }
        Command::SetPassword(options) => {
            set_password(settings, store, &options.whose.login, now).await
        }
    }
}

async fn add(settings: &Settings, store: &Store, add: &Add, now: i64) -> Result<Report, Failure> {
    let profile = Profile::parse(&add.username, &add.email, &add.full_name).map_err(|errors| {
        let flag = |field: &str| field.replace('_', "-");
        let sentence =
            |e: &crate::domain::account::FieldError| format!("--{}: {}", flag(e.field), e.text);
        Failure::of(errors.iter().map(sentence).collect())
    })?;
    let hash = new_password(settings, &profile).await?;
    match store.add_account(&profile, &hash, now).await? {
        Added::Account(account) => {
            Ok(Report::new(format!("Added the account {}.", named(&account)), json(&account)))
        }
        Added::UsernameTaken => Err(Failure::new(format!(
            "The username {} is taken; choose another.",
            profile.username
        ))),
        Added::EmailTaken => {
            Err(Failure::new(format!("There is an account with the address {}.", profile.email)))
        }
    }
}

async fn list(store: &Store) -> Result<Report, Failure> {
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let after = accounts.last().map(|account| account.username.clone());
        let page = store.list_accounts(after.as_deref(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        accounts.extend(page);
    }
    let json = Value::Array(accounts.iter().map(json).collect());
    if accounts.is_empty() {
        let next = "There are no accounts yet; `vestibule account add --help` says how to add one.";
        return Ok(Report::new(next, json));
    }
    let rows: Vec<[String; 5]> = accounts.iter().map(row).collect();
    let headings = ["USERNAME", "E-MAIL", "FULL NAME", "SINCE", "STATE"];
    let total = count(accounts.len(), "account");
    Ok(Report::new(format!("{}\n\n{total}", table(headings, &rows)), json))
}

async fn set_password(
    settings: &Settings,
    store: &Store,
    login: &str,
    now: i64,
) -> Result<Report, Failure> {
    let account = find(store, login).await?;
    let profile = Profile {
        username: account.username.clone(),
        email: account.email.clone(),
        full_name: account.full_name.clone(),
    };
    let hash = new_password(settings, &profile).await?;
    store.set_password(&account.uid, &hash, now).await?;
    Ok(done("Set the password of", &account, "; all its sessions have ended", "password_set"))
}

async fn find(store: &Store, login: &str) -> Result<Account, Failure> {
    if let Some(found) = store.account_by_login(login).await? {
        return Ok(found.account);
    }
    store.account(login).await?.ok_or_else(|| {
        Failure::new(format!(
            "There is no account `{login}`; `vestibule account list` shows which there are."
        ))
    })
}

fn done(what: &str, account: &Account, and: &str, key: &str) -> Report {
    let text = format!("{what} the account {}{and}.", named(account));
    Report::new(text, json!({ "uid": account.uid, "username": account.username, key: true }))
}

fn named(account: &Account) -> String {
    format!("{} ({}, uid {})", account.username, account.email, account.uid)
}

fn row(account: &Account) -> [String; 5] {
    let state = account.disabled_at.map_or("active".into(), |at| format!("disabled {}", day(at)));
    let Account { username, email, full_name, created_at, .. } = account.clone();
    [username, email, full_name, day(created_at), state]
}

fn json(account: &Account) -> Value {
    json!({
        "uid": account.uid,
        "username": account.username,
        "email": account.email,
        "email_verified": account.email_verified_at.is_some(),
        "full_name": account.full_name,
        "created_at": instant(account.created_at),
        "disabled_at": account.disabled_at.map(instant),
    })
}
