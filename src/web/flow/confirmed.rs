//! In which browser a flow goes on. From the confirmation on that browser has a secret, and only
//! where it comes along again the answer is released.

use rocket::http::CookieJar;

use crate::domain::secret::Secret;
use crate::store::flows::Flow;
use crate::web::app::App;
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::visitor::Cookies;

/// Where the window goes on: the authorization request, with the flow that its answer goes into.
pub(super) fn onward(flow: &Flow) -> String {
    format!("/oauth/authorize?{}&vestibule_flow={}", flow.request, flow.id)
}

/// Whether the flow was confirmed in this browser.
pub(super) fn is_confirmed_here(flow: &Flow, cookies: &Cookies) -> bool {
    flow.is_confirmed_by(cookies.flow.as_ref().map(Secret::hash).as_ref())
}

/// Lets the flow go on in this browser and nowhere else; false when that is settled already, or it
/// is over. The browser keeps the secret it has, if it is one of ours that is still needed: several
/// windows may be open in it.
pub(super) async fn confirm(
    app: &App,
    flow: &Flow,
    cookies: &Cookies,
    jar: &CookieJar<'_>,
) -> Result<bool, Problem> {
    let now = app.now();
    let ours = match &cookies.flow {
        Some(secret) if app.store.has_confirmed_a_flow(&secret.hash(), now).await? => {
            Some(secret.clone())
        }
        _ => None,
    };
    let secret = ours.unwrap_or_else(Secret::random);
    let is_confirmed = app.store.confirm_flow(&flow.id, &secret.hash(), now).await?;
    if is_confirmed {
        cookies::set_flow(jar, &secret);
    }
    Ok(is_confirmed)
}
