//! The end of a request that was begun by a flow: its answer goes to the page that waits, through
//! the server, and only if this is the browser in which the flow was confirmed. Else the person is
//! sent to the flow's page, and nothing is released.

use super::answer::Answer;
use super::request::{Asked, Refusal};
use super::{Client, grant};
use crate::clock::{MINUTE, SECOND};
use crate::domain::flow::PAGE;
use crate::domain::secret::{Secret, SecretHash};
use crate::events::Event;
use crate::store::flows::Flow;
use crate::store::visits::Person;
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;
use crate::web::guard::visitor::Cookies;

/// Puts an answer, a code or an error, into its flow.
pub(super) async fn answer(
    app: &App,
    cookies: &Cookies,
    client: &Client,
    asked: &Asked,
    (id, end): (&str, Result<Person, Refusal>),
) -> Result<Answer, Problem> {
    let Some((flow, browser)) = confirmed(app, cookies, client, id).await? else {
        return Ok(page(app, id));
    };
    let is_asked = begun(&flow, client).is_ok_and(|begun| {
        asked.is_same_as(&begun) && end.as_ref().map_or(true, |who| is_fresh(&begun, &flow, who))
    });
    if !is_asked {
        return Ok(page(app, id));
    }
    match end {
        Ok(person) => {
            let code = app.flow_code(id).hash();
            let grant = grant(asked, &person, &code);
            let is_done = app.store.authorize_flow(id, &browser, &grant, app.now()).await?;
            Ok(done(app, id, is_done).await)
        }
        Err(refusal) => refuse(app, id, &browser, &refusal).await,
    }
}

/// Of a request that cannot be read. If that is what the flow was begun with, its client is told:
/// the registration is another now. If somebody changed it on the way, it is begun again.
pub(super) async fn unreadable(
    app: &App,
    cookies: &Cookies,
    client: &Client,
    id: &str,
) -> Result<Answer, Problem> {
    let Some((flow, browser)) = confirmed(app, cookies, client, id).await? else {
        return Ok(page(app, id));
    };
    match begun(&flow, client) {
        Ok(_) => Ok(page(app, id)),
        Err(refusal) => refuse(app, id, &browser, &refusal).await,
    }
}

/// The flow, if it is pending, this client's, and was confirmed in this browser.
async fn confirmed(
    app: &App,
    cookies: &Cookies,
    client: &Client,
    id: &str,
) -> Result<Option<(Flow, SecretHash)>, Problem> {
    let Some(browser) = cookies.flow(id).map(Secret::hash) else {
        return Ok(None);
    };
    let flow = app.store.flow(id, app.now()).await?;
    let flow = flow.filter(|flow| {
        flow.outcome.is_none()
            && flow.is_confirmed_by(Some(&browser))
            && flow.client.client_id == client.registration.client_id
    });
    Ok(flow.map(|flow| (flow, browser)))
}

/// The request that the flow was begun with, as far as its client may still make it.
fn begun(flow: &Flow, client: &Client) -> Result<Asked, Refusal> {
    let fields = Fields::parse(&flow.request);
    let redirect_uri = fields.text("redirect_uri")?;
    Asked::parse(&fields, &client.registration, redirect_uri)
}

/// Whether the person has signed in as lately as the flow's request wants: the parts that say so
/// are taken out of it on the way through our pages.
fn is_fresh(begun: &Asked, flow: &Flow, person: &Person) -> bool {
    // A minute for the clocks of other nodes.
    let earliest = |seconds: i64| flow.created_at - MINUTE - seconds.saturating_mul(SECOND);
    let by_prompt = begun.prompt.login.then_some(0);
    let wanted = by_prompt.into_iter().chain(begun.max_age).min();
    wanted.is_none_or(|seconds| person.auth_time >= earliest(seconds))
}

async fn refuse(
    app: &App,
    id: &str,
    browser: &SecretHash,
    refusal: &Refusal,
) -> Result<Answer, Problem> {
    let told = (refusal.error, refusal.text.as_str());
    let is_done = app.store.refuse_flow(id, browser, told, app.now()).await?;
    Ok(done(app, id, is_done).await)
}

async fn done(app: &App, id: &str, is_done: bool) -> Answer {
    if !is_done {
        return page(app, id);
    }
    app.events.publish(Event::Flow(id.to_owned())).await;
    Answer::SeeOther(format!("{}{PAGE}{id}/done", app.issuer))
}

/// The page on which the flow is confirmed, or which says how it stands.
fn page(app: &App, id: &str) -> Answer {
    Answer::SeeOther(format!("{}{PAGE}{id}", app.issuer))
}
