//! `/account`: what waits for one's answer, one's profile, one's sessions, and the sites that know
//! one.

use rocket::{State, get};
use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::identification::{self, Section};
use super::person;
use super::sites::{self, SiteRow};
use super::waiting::{self, WaitingRow};
use crate::domain::browser;
use crate::domain::session::Session;
use crate::web::app::App;
use crate::web::body::Query;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::Unframed;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `account/show.html`.
#[derive(Serialize)]
pub(super) struct Show {
    email_verified: bool,
    created: String,
    waiting: Vec<WaitingRow>,
    sessions: Vec<SessionRow>,
    sites: Vec<SiteRow>,
    identification: Option<Section>,
    notice: Option<&'static str>,
}

#[derive(Serialize)]
struct SessionRow {
    id: String,
    browser: String,
    address: String,
    signed_in: String,
    last_seen: String,
    current: bool,
}

#[get("/account")]
pub(super) async fn show(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> Result<Page<Show>, Problem> {
    let who = person(visitor, "/account")?;
    let sessions = app.store.sessions_of(&who.account.uid, app.now()).await?;
    let row = |session: Session| SessionRow {
        current: session.id == who.session.id,
        browser: browser::describe(&session.user_agent),
        signed_in: date_and_time(session.auth_time),
        last_seen: date_and_time(session.last_seen_at),
        id: session.id,
        address: session.address,
    };
    Ok(Page::new(
        "account/show.html",
        Show {
            email_verified: who.account.email_verified_at.is_some(),
            created: date(who.account.created_at),
            waiting: waiting::rows(app, &who.account.uid).await?,
            sessions: sessions.into_iter().map(row).collect(),
            sites: sites::connected(app, &who.account.uid).await?,
            identification: identification::section(app, &who.account.uid).await?,
            notice: notice(&query.0.text("done")?),
        },
    ))
}

/// What the form that led here has done.
fn notice(done: &str) -> Option<&'static str> {
    match done {
        "profile" => Some("Your profile is changed."),
        "password" => Some("Your password is changed. You are signed out everywhere else."),
        "session" => Some("That browser is signed out."),
        "site" => Some("That site no longer has access to your account."),
        "identification" => Some("What proved who you are is deleted."),
        "others" => Some("You are signed out everywhere else."),
        _ => None,
    }
}

/// `21 November 2026`, in UTC.
pub(super) fn date(milliseconds: i64) -> String {
    format(milliseconds, format_description!("[day padding:none] [month repr:long] [year]"))
}

/// `21 November 2026, 20:37 UTC`.
fn date_and_time(milliseconds: i64) -> String {
    format(
        milliseconds,
        format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"),
    )
}

/// `21 November 2026, 20:37:05 UTC`.
pub(super) fn date_and_second(milliseconds: i64) -> String {
    format(
        milliseconds,
        format_description!(
            "[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC"
        ),
    )
}

fn format(
    milliseconds: i64,
    description: &[time::format_description::BorrowedFormatItem<'_>],
) -> String {
    let instant = OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).ok();
    instant.and_then(|instant| instant.format(description).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_out() {
        assert_eq!(date_and_time(1_795_293_420_000), "21 November 2026, 20:37 UTC");
        assert_eq!(date_and_second(1_795_293_425_000), "21 November 2026, 20:37:05 UTC");
        assert_eq!(date(0), "1 January 1970");
        assert_eq!(date(i64::MAX), "");
    }
}
