//! `id_token_hint`: an id token that a client was given before, as it comes back with a request.

use crate::web::app::App;
use crate::web::error::Problem;

/// What an `id_token_hint` says.
pub(super) enum Hint {
    /// There is none.
    None,
    /// It is none of our id tokens, or another client's.
    Invalid,
    /// It was issued to this client. It may be expired.
    Of {
        /// The client.
        aud: String,
        /// The person, as the client knows them.
        sub: String,
        /// The client's handle of the session.
        sid: String,
    },
}

/// Reads a hint; `client_id` may be empty where the hint itself says who asks.
pub(super) async fn hint(app: &App, jwt: &str, client_id: &str) -> Result<Hint, Problem> {
    if jwt.is_empty() {
        return Ok(Hint::None);
    }
    let Some(claims) = app.keys.verify(jwt, "JWT", app.now()).await? else {
        return Ok(Hint::Invalid);
    };
    let text =
        |name: &str| claims.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let (iss, aud, sub, sid) = (text("iss"), text("aud"), text("sub"), text("sid"));
    let is_meant = client_id.is_empty() || aud == client_id;
    if iss != app.issuer.as_str() || !is_meant || sub.is_empty() {
        return Ok(Hint::Invalid);
    }
    Ok(Hint::Of { aud, sub, sid })
}
