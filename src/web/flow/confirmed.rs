//! In which browser a flow goes on. From the confirmation on that browser has a secret for it,
//! and only where that comes along again the answer is released.

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
    flow.is_confirmed_by(cookies.flow(&flow.id).map(Secret::hash).as_ref())
}

/// Lets the flow go on in this browser and nowhere else; false when that is settled already, or it
/// is over.
pub(super) async fn confirm(app: &App, flow: &Flow, jar: &CookieJar<'_>) -> Result<bool, Problem> {
    let secret = Secret::random();
    let is_confirmed = app.store.confirm_flow(&flow.id, &secret.hash(), app.now()).await?;
    if is_confirmed {
        cookies::set_flow(jar, &flow.id, &secret);
    }
    Ok(is_confirmed)
}
