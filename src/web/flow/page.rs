//! `/flow/{id}`: the window. It shows who asks, and lets the person confirm that the page which
//! waits is theirs, by the number it shows. A script of it tries to spare them that (`proof.rs`).

use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::{Either, Shutdown, State, get, post};
use serde::Serialize;
use std::collections::BTreeMap;

use super::confirmed::{confirm, is_confirmed_here, onward};
use crate::domain::flow::{Outcome, PAGE, is_id};
use crate::domain::operation::choices;
use crate::domain::origin::Origin;
use crate::events::Event;
use crate::store::StoreError;
use crate::store::flows::Flow;
use crate::web::app::App;
use crate::web::body::{Fields, Form};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::network::Peer;
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `flow.html`.
#[derive(Default, Serialize)]
pub(super) struct Shown {
    id: String,
    client_name: String,
    site: String,
    /// The client's origins as JSON, for the script.
    origins: String,
    /// `asked`, `elsewhere`, `unknown`, or how it ended.
    standing: &'static str,
    /// What the waiting page's number is picked from.
    numbers: Vec<i64>,
    fields: BTreeMap<&'static str, &'static str>,
}

type PageOrRedirect = Result<Either<Page<Shown>, Redirect>, Problem>;

#[get("/flow/<id>")]
pub(super) async fn show(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    peer: Peer,
    id: &str,
    shutdown: Shutdown,
) -> PageOrRedirect {
    let Some(flow) = begun(app, &peer, id, shutdown).await? else {
        return Ok(Either::Left(unknown()));
    };
    if flow.outcome.is_none() && is_confirmed_here(&flow, &visitor.cookies) {
        return Ok(Either::Right(see_other(app, &onward(&flow))));
    }
    Ok(Either::Left(page(app, flow)?))
}

/// The flow; for a moment it is waited for, since the window is opened before the request that
/// begins it is on its way.
async fn begun(
    app: &App,
    peer: &Peer,
    id: &str,
    shutdown: Shutdown,
) -> Result<Option<Flow>, Problem> {
    if !is_id(id) {
        return Ok(None);
    }
    let mut news = app.events.subscribe(Event::Flow(id.to_owned()));
    let look = async || app.store.flow(id, app.now()).await;
    if let Some(flow) = look().await? {
        return Ok(Some(flow));
    }
    let Ok(wait) = app.limits.flow_wait(peer.network()) else {
        return Ok(None);
    };
    // A hint is never believed: everybody is hinted after a gap in what was heard of other nodes.
    let begins = async {
        loop {
            news.changed().await;
            if let Some(flow) = look().await? {
                return Ok::<_, StoreError>(Some(flow));
            }
        }
    };
    let flow = tokio::select! {
        flow = begins => flow?,
        () = tokio::time::sleep(app.crowd.times().begin) => look().await?,
        () = shutdown => look().await?,
    };
    if flow.is_some() {
        wait.give_back();
    }
    Ok(flow)
}

/// What the person says.
enum Answer {
    /// With the number that was picked, if one was.
    Confirm(Option<i64>),
    Cancel,
}

impl Answer {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let (answer, number) = (fields.text("answer")?, fields.text("number")?);
        let number = match number.as_bytes() {
            [] => None,
            [b'1'..=b'9', b'0'..=b'9'] => number.parse().ok(),
            _ => return Err(Problem::bad_request("`number` is from 10 to 99.")),
        };
        match answer.as_str() {
            "confirm" => Ok(Self::Confirm(number)),
            "cancel" => Ok(Self::Cancel),
            _ => Err(Problem::bad_request("Answer with `confirm` or `cancel`.")),
        }
    }
}

#[post("/flow/<id>", data = "<form>")]
pub(super) async fn submit(
    _popup: InPopup,
    _ours: SameOrigin,
    app: &State<App>,
    _visitor: Visitor,
    jar: &CookieJar<'_>,
    id: &str,
    form: Form,
) -> PageOrRedirect {
    let answer = Answer::read(&form.0)?;
    let flow = if is_id(id) { app.store.flow(id, app.now()).await? } else { None };
    let Some(flow) = flow else {
        return Ok(Either::Left(unknown()));
    };
    let again = || Either::Right(see_other(app, &format!("{PAGE}{id}")));
    if flow.outcome.is_some() || flow.browser_hash.is_some() {
        return Ok(again());
    }
    let outcome = match answer {
        Answer::Confirm(None) => {
            let mut page = shown(app, flow)?;
            page.fields.insert("number", "Pick the number that the other page shows.");
            let page = asking(page).with_status(Status::UnprocessableEntity);
            return Ok(Either::Left(page));
        }
        Answer::Confirm(Some(number)) if number == flow.number => {
            let is_confirmed = confirm(app, &flow, jar).await?;
            let onward = is_confirmed.then(|| Either::Right(see_other(app, &onward(&flow))));
            return Ok(onward.unwrap_or_else(again));
        }
        Answer::Confirm(Some(_)) => Outcome::NumberFailed,
        Answer::Cancel => Outcome::Canceled,
    };
    if app.store.give_flow_up(id, outcome, app.now()).await? {
        app.events.publish(Event::Flow(id.to_owned())).await;
    }
    Ok(again())
}

fn see_other(app: &App, path: &str) -> Redirect {
    Redirect::to(format!("{}{path}", app.issuer))
}

fn page(app: &App, flow: Flow) -> Result<Page<Shown>, Problem> {
    Ok(asking(shown(app, flow)?))
}

fn asking(shown: Shown) -> Page<Shown> {
    Page::new("flow.html", shown).with_calls()
}

fn shown(app: &App, flow: Flow) -> Result<Shown, Problem> {
    let standing = match (flow.outcome, &flow.browser_hash) {
        (Some(outcome), _) => outcome.as_str(),
        (None, Some(_)) => "elsewhere",
        (None, None) => "asked",
    };
    let numbers = match standing {
        "asked" => choices(&app.flow_number_seed(&flow.id), flow.number),
        _ => Vec::new(),
    };
    let site = Origin::parse(&flow.origin).map(|origin| origin.site().to_owned());
    let origins = serde_json::to_string(&flow.client.origins);
    Ok(Shown {
        client_name: flow.client.client_name.clone(),
        site: site.unwrap_or(flow.origin),
        origins: origins.map_err(|error| Problem::internal(error.to_string()))?,
        id: flow.id,
        standing,
        numbers,
        fields: BTreeMap::new(),
    })
}

/// The same for a flow that never began, was forgotten, or whose client was switched off.
fn unknown() -> Page<Shown> {
    let shown = Shown { standing: "unknown", origins: "[]".into(), ..Shown::default() };
    Page::new("flow.html", shown).with_status(Status::NotFound)
}
