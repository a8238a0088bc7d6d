//! `grant_type=client_credentials` (RFC 6749 §4.4): a client acts for itself.

use super::answer::Answer;
use super::{bad, invalid_target, scope, targets};
use crate::domain::audience::Audience;
use crate::domain::client::Client;
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;

/// What only a person's token can do.
const PERSONAL: [&str; 3] = ["openid", "profile", "email"];

pub(super) struct Asked {
    scope: Option<Scope>,
    audience: Audience,
}

impl Asked {
    pub(super) fn parse(fields: &Fields) -> Result<Self, Problem> {
        Ok(Self { scope: scope(fields)?, audience: targets(fields)? })
    }
}

pub(super) async fn issue(app: &App, client: &Client, asked: Asked) -> Result<Answer, Problem> {
    let registered = &client.registration.scope;
    // RFC 6749 §3.3: what is not asked for has a default, here all that the client may do itself.
    let scope = asked.scope.unwrap_or_else(|| registered.without_implying(&PERSONAL));
    let is_personal = PERSONAL.iter().any(|name| scope.implies_name(name));
    if scope.is_empty() || is_personal || !registered.implies(&scope) {
        let text = "A client gets for itself what it is registered for, without openid, profile, \
            email.";
        return Err(bad("invalid_scope", text));
    }
    if !asked.audience.is_registered_for(&client.registration) {
        return Err(invalid_target());
    }
    let access = Secret::random();
    let client_id = &client.registration.client_id;
    let (hash, now) = (access.hash(), app.now());
    app.store.add_client_token(&hash, client_id, &scope, &asked.audience, now).await?;
    Ok(Answer::new(&access, &scope))
}
