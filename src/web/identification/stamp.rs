//! `GET /v1/accounts/{uid}/identification`: a client's backend asks when somebody last proved who they
//! are, and whether that was after a moment of its own, such as an order.

use rocket::serde::json::Json;
use rocket::{State, get};
use serde::Serialize;

use crate::domain::client::Client;
use crate::domain::identification::may_read;
use crate::domain::operation::is_id;
use crate::store::identifications::Stamp;
use crate::web::app::App;
use crate::web::body::Query;
use crate::web::error::Problem;
use crate::web::guard::client::Credentials;

/// The answer.
#[derive(Serialize)]
pub(super) struct Told {
    /// Milliseconds since 1970, by the clock of this server.
    identified_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    /// Whether it was later than `since`.
    #[serde(skip_serializing_if = "Option::is_none")]
    later: Option<bool>,
}

impl Told {
    fn new(stamp: Option<Stamp>, since: Option<i64>) -> Self {
        let Some(stamp) = stamp else {
            return Self {
                identified_at: None,
                provider: None,
                level: None,
                later: since.map(|_| false),
            };
        };
        Self {
            identified_at: Some(stamp.identified_at),
            later: since.map(|since| stamp.identified_at > since),
            provider: Some(stamp.provider),
            level: Some(stamp.level),
        }
    }
}

#[get("/accounts/<uid>/identification")]
pub(super) async fn show(
    app: &State<App>,
    credentials: Credentials,
    uid: &str,
    query: Query,
) -> Result<Json<Told>, Problem> {
    let since = since(&query.0.text("since")?)?;
    let client = credentials.verify(app).await?;
    let client_id = &client.registration.client_id;
    app.limits.identification_read(client_id)?;
    let account = readable(app, &client, uid).await?.ok_or_else(unknown)?;
    let stamp = app.store.read_identification(&account, client_id, app.now()).await?;
    Ok(Json(Told::new(stamp, since)))
}

/// The one answer to whoever may not know, whether or not there is such an account.
fn unknown() -> Problem {
    Problem::not_found("There is no such account, or this client may not know of it.")
}

/// An instant of this century, or 0 for all times. What is smaller was most likely meant in seconds, and
/// would make every old proof one of later.
const EARLIEST: i64 = 1_000_000_000_000;

fn since(text: &str) -> Result<Option<i64>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_number = text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit());
    let instant: Option<i64> = Some(text).filter(|_| is_number).and_then(|text| text.parse().ok());
    let instant = instant.filter(|&it| it == 0 || it >= EARLIEST);
    let wrong = "`since` is in milliseconds since 1970, 13 digits, or 0.";
    instant.map(Some).ok_or_else(|| Problem::bad_request(wrong))
}

/// The account that the client knows by this identifier, if it may know when that was identified.
/// The same is looked up in any case: nobody is told from somebody by the time.
async fn readable(app: &App, client: &Client, id: &str) -> Result<Option<String>, Problem> {
    let registration = &client.registration;
    let client_id = &registration.client_id;
    let id = Some(id).filter(|id| is_id(id)).unwrap_or_default();
    let uid = if registration.is_pairwise() {
        // Its identifiers lead back to nobody, so those who have agreed to it are gone through, all
        // of them whoever is asked for.
        let known = app.store.accounts_consenting_to(client_id).await?;
        let is_asked_for = |uid: &String| app.subject(registration, uid) == id;
        known
            .into_iter()
            .fold(None, |found, uid| if is_asked_for(&uid) { Some(uid) } else { found })
    } else {
        Some(id.to_owned())
    };
    let account = app.store.account(uid.as_deref().unwrap_or_default()).await?;
    let account = account.filter(|account| account.disabled_at.is_none()).map(|it| it.uid);
    let granted = app.store.consent(account.as_deref().unwrap_or_default(), client_id).await?;
    Ok(account.filter(|_| may_read(registration, granted.as_ref())))
}
