//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`: token narrowing (RFC 8693). A
//! client swaps a token of its own for one that can do less, to hand it on.

use super::answer::Answer;
use super::{bad, invalid_target, scope, secret, targets};
use crate::domain::audience::Audience;
use crate::domain::client::Client;
use crate::domain::grant::{ACCESS_LIFETIME, DEEPEST};
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::store::tokens::{AccessToken, NewNarrowed};
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

pub(super) struct Asked {
    subject_token: Option<Secret>,
    scope: Scope,
    audience: Audience,
}

impl Asked {
    pub(super) fn parse(fields: &Fields) -> Result<Self, Problem> {
        let subject_token = secret(fields, "subject_token")?;
        if fields.text("subject_token_type")? != ACCESS_TOKEN {
            let text = format!("`subject_token_type` is {ACCESS_TOKEN}.");
            return Err(Problem::bad_request(text));
        }
        if !["", ACCESS_TOKEN].contains(&fields.text("requested_token_type")?.as_str()) {
            let text = format!("`requested_token_type` is {ACCESS_TOKEN}, or left out.");
            return Err(Problem::bad_request(text));
        }
        let actor = fields.text("actor_token")? + &fields.text("actor_token_type")?;
        if !actor.is_empty() {
            return Err(Problem::bad_request("`actor_token` is not supported here."));
        }
        let audience = targets(fields)?;
        let missing = || Problem::bad_request("`scope` is missing: say what the new token can do.");
        Ok(Self { subject_token, scope: scope(fields)?.ok_or_else(missing)?, audience })
    }
}

/// RFC 8693 §2.2.2 has this error for every subject token that is not good.
fn invalid_subject() -> Problem {
    Problem::bad_request("`subject_token` is unknown, has ended, or was not issued to this client.")
}

pub(super) async fn exchange(app: &App, client: &Client, asked: Asked) -> Result<Answer, Problem> {
    let now = app.now();
    let subject = asked.subject_token.as_ref().ok_or_else(invalid_subject)?.hash();
    let parent = app.store.access_token(&subject, now).await?;
    // Whoever was handed a token cannot make others of it: only the client it was issued to can.
    let client_id = &client.registration.client_id;
    let parent = parent.filter(|parent| parent.grant.client.client_id == *client_id);
    let parent = parent.ok_or_else(invalid_subject)?;
    if parent.depth >= DEEPEST {
        let text = format!("The token was narrowed {DEEPEST} times already.");
        return Err(Problem::bad_request(text));
    }
    if !parent.scope.implies(&asked.scope) {
        return Err(bad("invalid_scope", "The new token can do no more than its parent."));
    }
    let audience = audience_of(&parent, client, &asked.audience).ok_or_else(invalid_target)?;
    let (access, expires_at) = (Secret::random(), parent.expires_at.min(now + ACCESS_LIFETIME));
    let new = NewNarrowed {
        access: &access.hash(),
        parent: &subject,
        scope: &asked.scope,
        audience: &audience,
        expires_at,
    };
    app.store.add_narrowed_token(new, &parent, now).await?;
    Ok(Answer::new(&access, &asked.scope).of_exchange(expires_at - now))
}

/// What is asked, if it is registered for the client; no more than the parent's where that is aimed
/// at somebody else than the issuer already.
fn audience_of(parent: &AccessToken, client: &Client, asked: &Audience) -> Option<Audience> {
    if !asked.is_registered_for(&client.registration) {
        return None;
    }
    if parent.audience.is_issuer() {
        Some(asked.clone())
    } else {
        parent.audience.narrowed_to(asked)
    }
}
