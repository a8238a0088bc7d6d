//! `vestibule client check`.

use std::fmt::Write;

use clap::Args;
use serde_json::json;

use super::find;
use crate::check::{self, Checked, Looked};
use crate::cli::report::{Failure, Report, count};
use crate::config::Settings;
use crate::domain::check::{Finding, Level, Relation, Standing, State};
use crate::domain::client::Registration;
use crate::domain::origin::Origin;
use crate::outgoing::Outgoing;
use crate::store::Store;

pub(super) const ABOUT: &str = "\
Says what keeps people from being signed in at a client's pages: what its registration lacks, what \
the headers of the pages forbid, and which rungs of the SDK's ladder are left to each origin. Each \
finding comes with the line that mends it.

Pages are looked at from this machine, as somebody who is not signed in: their headers only, no \
redirects, five seconds each. Only pages on the client's origins and named embedders are taken. \
Without --page the first page of each of these is looked at; name the page that loads the SDK, the \
widget, and a page that frames it, for these are what counts.

A client that is declared in the configuration is checked as it stands there, also before the \
server is started with it.";

const EXAMPLES: &str = "\
Examples:
  vestibule client check wiki
  vestibule client check notes-widget --page https://notes.example.org/widget \\
      --page https://wiki.example.org/page/front-page
  vestibule client check wiki --json | jq '.findings[] | select(.level == \"error\")'

Exit codes: 0 no error was found (warnings and notes may be), 1 an error was found.";

/// What `client check` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The id it was registered with
    client_id: String,
    /// A page to look at, on one of the client's origins or embedders; can be given several times
    #[arg(long = "page", value_name = "URL")]
    pages: Vec<String>,
}

pub(super) async fn run(
    settings: &Settings,
    store: &Store,
    options: &Options,
) -> Result<Report, Failure> {
    let issuer = settings.issuer.as_ref().ok_or_else(|| {
        Failure::new("Write the `issuer` into the configuration: what is right depends on it.")
    })?;
    let id = &options.client_id;
    let declared = settings.clients.iter().find(|client| client.registration.client_id == *id);
    let (client, is_disabled) = if let Some(declared) = declared {
        (declared.registration.clone(), false)
    } else {
        let found = find(store, id).await?;
        ((*found.registration).clone(), found.disabled_at.is_some())
    };
    let pages = check::pages_of(&client, &options.pages).map_err(|text| {
        let places = check::places(&client);
        let places = if places.is_empty() { "none".into() } else { places.join(", ") };
        Failure::new(format!("--page: {text} `{id}` has {places}."))
    })?;
    let outgoing = Outgoing::new(&settings.outgoing_networks).map_err(Failure::new)?;
    let mut checked = check::run(&outgoing, issuer, &client, pages).await;
    if is_disabled {
        checked.verdict.findings.insert(0, disabled(id));
    }
    Ok(report(issuer, &client, &checked))
}

fn disabled(id: &str) -> Finding {
    let what = "The client is switched off: the bridge and the OpenID provider do not know it.";
    let finding = Finding::new(Level::Error, "disabled", what).with("true");
    finding.mend(format!("vestibule client enable {id}"))
}

fn report(issuer: &Origin, client: &Registration, checked: &Checked) -> Report {
    let id = &client.client_id;
    let [errors, warnings, notes] =
        [Level::Error, Level::Warning, Level::Note].map(|level| checked.verdict.count(level));
    let mut text = format!(
        "{id} at {issuer}: {}, {}, {}.\n",
        count(errors, "error"),
        count(warnings, "warning"),
        count(notes, "note")
    );
    checked.verdict.findings.iter().for_each(|finding| write_finding(&mut text, finding));
    checked.verdict.standings.iter().for_each(|standing| write_standing(&mut text, standing));
    text.push_str("\nPages looked at\n");
    checked.pages.iter().for_each(|page| write_page(&mut text, page));
    if checked.pages.is_empty() {
        text.push_str("  none: the client has no origin\n");
    }
    let mut json = serde_json::to_value(checked).unwrap_or_default();
    json["client_id"] = json!(id);
    json["issuer"] = json!(issuer);
    json["errors"] = errors.into();
    json["warnings"] = warnings.into();
    Report { is_bad: errors > 0, ..Report::new(text, json) }
}

// Writing to a string cannot fail, here and below.
fn write_finding(text: &mut String, finding: &Finding) {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let page = finding.page.as_ref().map(|page| format!("  {page}")).unwrap_or_default();
    let _ = writeln!(text, "\n{level:<9}{}{page}", finding.subject);
    for line in wrapped(&finding.what) {
        let _ = writeln!(text, "         {line}");
    }
    if let Some(value) = &finding.value {
        let _ = writeln!(text, "    is   {value}");
    }
    if let Some(mend) = &finding.mend {
        let _ = writeln!(text, "    mend {mend}");
    }
}

fn write_standing(text: &mut String, standing: &Standing) {
    let place = match &standing.framed_by {
        None => standing.origin.clone(),
        Some(above) => format!("{} in a frame of {above}", standing.origin),
    };
    let relation = match standing.relation {
        Relation::Sibling => "a sibling of the accounts site",
        Relation::CrossSite => "another site than the accounts site",
    };
    let _ = writeln!(text, "\n{place}: {relation}");
    for rung in &standing.rungs {
        let state = match rung.state {
            State::Works => "works",
            State::Depends => "depends",
            State::NotNeeded => "not needed",
            State::No => "no",
        };
        let _ = writeln!(text, "  {:<16}{state:<12}{}", rung.rung, rung.why);
    }
}

fn write_page(text: &mut String, page: &Looked) {
    let status = page.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let _ = writeln!(text, "  {status:<5}{}", page.url);
}

/// Lines of at most 90 characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + word.len() < 90 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
