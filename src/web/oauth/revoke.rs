//! `/oauth/revoke`: a client gives a token back (RFC 7009).

use rocket::http::Status;
use rocket::{State, post};

use super::client_auth::Caller;
use super::cors::Cors;
use crate::domain::secret::Secret;
use crate::web::app::App;
use crate::web::body::Form;
use crate::web::error::Problem;

/// 200 also for what is unknown, has ended or is another client's: nothing is told about tokens
/// that are not one's own.
#[post("/oauth/revoke", data = "<form>")]
pub(super) async fn revoke(
    _cors: Cors,
    app: &State<App>,
    caller: Caller,
    form: Form,
) -> Result<Status, Problem> {
    let fields = form.0;
    let token = fields.text("token")?;
    fields.text("token_type_hint")?;
    let claimed = caller.claim(&fields)?;
    if token.is_empty() {
        return Err(Problem::bad_request("`token` is missing."));
    }
    let client = claimed.verify(app).await?;
    if let Some(secret) = Secret::parse(&token) {
        let (hash, id, now) = (secret.hash(), &client.registration.client_id, app.now());
        if !app.store.revoke_access_token(&hash, id, now).await? {
            app.store.revoke_refresh_token(&hash, id, now).await?;
        }
    }
    Ok(Status::Ok)
}
