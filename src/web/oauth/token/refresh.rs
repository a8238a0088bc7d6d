//! `grant_type=refresh_token` (RFC 6749 §6), with rotation (RFC 9700 §4.14).

use super::answer::Answer;
use super::{bad, invalid_grant, invalid_target, resources, scope, secret};
use crate::domain::audience::Audience;
use crate::domain::client::Client;
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::store::grants::Granted;
use crate::store::refresh::Renewal;
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;

pub(super) struct Asked {
    token: Option<Secret>,
    scope: Option<Scope>,
    audience: Audience,
}

impl Asked {
    pub(super) fn parse(fields: &Fields) -> Result<Self, Problem> {
        let token = secret(fields, "refresh_token")?;
        let audience = Audience::of(resources(fields)?);
        Ok(Self { token, scope: scope(fields)?, audience })
    }
}

pub(super) async fn renew(app: &App, client: &Client, asked: Asked) -> Result<Answer, Problem> {
    let token = asked.token.ok_or_else(invalid_grant)?;
    let found = app.store.refresh_token(&token.hash(), app.now()).await?;
    let client_id = &client.registration.client_id;
    let found = found.filter(|found| found.grant.client.client_id == *client_id);
    let grant = found.ok_or_else(invalid_grant)?.grant;
    let scope = asked.scope.unwrap_or_else(|| grant.scope.clone());
    if !grant.scope.implies(&scope) {
        return Err(bad("invalid_scope", "This is more than the person has authorised."));
    }
    let audience = grant.audience.narrowed_to(&asked.audience);
    let audience = audience.filter(|audience| audience.is_registered_for(&client.registration));
    let audience = audience.ok_or_else(invalid_target)?;
    let access = Secret::random();
    let renewal =
        Renewal { token: &token, access: &access.hash(), scope: &scope, audience: &audience };
    let renewed = app.store.renew(renewal, &grant, app.now()).await?;
    let renewed = renewed.map_err(|_| invalid_grant())?;
    let answer = Answer::new(&access, &scope).with_refresh(Some(&renewed.refresh));
    let granted = Granted { scope, ..renewed.granted };
    answer.with_id_token(app, &client.registration, granted).await
}
