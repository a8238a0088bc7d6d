//! `/identification/return/{provider}`: the provider has sent the person back. Its answer is held against
//! what was asked, and what it proves is kept.

use rocket::http::CookieJar;
use rocket::{State, get};

use super::asked::opened;
use super::start::is_awaited;
use super::window::{Shown, end, ended_page, gone, strange};
use crate::config::Conflict;
use crate::domain::identification::{Identity, Outcome, subject_hash};
use crate::domain::provider::is_id;
use crate::domain::secret::Secret;
use crate::store::identifications::NewIdentification;
use crate::store::monitors::Monitor;
use crate::upstream::{Failure, Proof, Returned, Upstream};
use crate::web::app::App;
use crate::web::body::{Fields, Query};
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::Opened;
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The answer of a provider, as it came.
struct Answer {
    state: Option<Secret>,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

impl Answer {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let some = |name: &str| -> Result<Option<String>, Problem> {
            Ok(Some(fields.text(name)?).filter(|text| !text.is_empty()))
        };
        let (code, error, iss) = (some("code")?, some("error")?, some("iss")?);
        Ok(Self { state: Secret::parse(&fields.text("state")?), code, error, iss })
    }

    fn returned(&self) -> Returned<'_> {
        Returned {
            code: self.code.as_deref(),
            error: self.error.as_deref(),
            iss: self.iss.as_deref(),
        }
    }
}

#[get("/identification/return/<provider>")]
pub(super) async fn show(
    _popup: InPopup,
    _window: Opened,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    provider: &str,
    query: Query,
) -> Result<Page<Shown>, Problem> {
    let answer = Answer::read(&query.0)?;
    let upstream = Some(provider).filter(|id| is_id(id));
    let upstream = upstream.and_then(|id| app.identifying.upstreams.named(id));
    let upstream = upstream.ok_or_else(|| Problem::not_found("There is no such provider."))?;
    let Some(state) = &answer.state else { return Ok(strange()) };
    let Some(browser) = visitor.cookies.sent_with(state) else { return Ok(strange()) };
    // Only this browser, sent to this very provider with this state, comes back; and it does so once.
    let came = app.store.come_back(&state.hash(), &browser.hash(), provider, app.now()).await?;
    let Some(monitor) = came else { return Ok(strange()) };
    cookies::clear_identification(jar, state);
    if !visitor.signed_in.is_some_and(|who| is_awaited(&monitor, &who)) {
        return end(app, &monitor, Outcome::WrongAccount).await;
    }
    let settled = settle(app, &monitor, upstream, &answer).await;
    if settled.is_err() {
        // The state is used up: the page need not wait for what cannot come any more. Where this fails
        // too, it expires.
        end(app, &monitor, Outcome::ProviderUnreachable).await.ok();
    }
    settled
}

/// Has the provider prove what its answer says, and keeps that.
async fn settle(
    app: &App,
    monitor: &Monitor,
    upstream: &Upstream,
    answer: &Answer,
) -> Result<Page<Shown>, Problem> {
    let provider = &upstream.provider().id;
    let asked = opened(app, monitor, provider)?;
    match upstream.finish(answer.returned(), &asked).await {
        Ok(proof) => keep(app, monitor, upstream, &proof).await,
        Err(failure) => {
            tracing::warn!(%provider, %failure, "a provider has proved nothing");
            end(app, monitor, outcome_of(&failure)).await
        }
    }
}

fn outcome_of(failure: &Failure) -> Outcome {
    match failure {
        Failure::Denied(error) if is_about_the_person(error) => Outcome::DeniedByProvider,
        _ => Outcome::ProviderUnreachable,
    }
}

/// Whether a provider says no to this person. Other errors are about the request, or itself (RFC 6749
/// §4.1.2.1, OpenID Connect Core 1.0 §3.1.2.6, OpenID Connect Core Error Code
/// `unmet_authentication_requirements`).
fn is_about_the_person(error: &str) -> bool {
    matches!(
        error,
        "access_denied"
            | "login_required"
            | "interaction_required"
            | "account_selection_required"
            | "consent_required"
            | "unmet_authentication_requirements"
    )
}

async fn keep(
    app: &App,
    monitor: &Monitor,
    upstream: &Upstream,
    proof: &Proof,
) -> Result<Page<Shown>, Problem> {
    let (provider, identifying) = (upstream.provider(), &app.identifying);
    let identity = Identity { sub: proof.subject.clone(), claims: proof.claims.clone() };
    let new = NewIdentification {
        monitor_id: &monitor.id,
        account_uid: &monitor.account_uid,
        provider: &provider.id,
        subject: &subject_hash(&identifying.key, provider.issuer.as_str(), &proof.subject),
        level: &provider.level,
        acr: proof.acr.as_deref(),
        identity: &identity,
        evidence: &proof.evidence,
        moves: identifying.settings.conflict == Conflict::Move,
    };
    let kept = app.store.add_identification(&new, &identifying.sealing, app.now()).await?;
    Ok(match kept {
        Some(outcome) => ended_page(app, monitor, outcome).await,
        None => gone(),
    })
}
