//! `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5).

use super::answer::Answer;
use super::{bad, invalid_grant, invalid_target, refreshes, resources, secret};
use crate::domain::audience::Audience;
use crate::domain::client::Client;
use crate::domain::pkce;
use crate::domain::secret::{Secret, SecretHash};
use crate::store::grants::{Fresh, Presented, Refused};
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;

pub(super) struct Asked {
    code: Option<Secret>,
    redirect_uri: String,
    verifier: Option<String>,
    audience: Audience,
}

impl Asked {
    pub(super) fn parse(fields: &Fields) -> Result<Self, Problem> {
        let code = secret(fields, "code")?;
        let redirect_uri = fields.text("redirect_uri")?;
        if redirect_uri.is_empty() {
            return Err(Problem::bad_request("`redirect_uri` is missing."));
        }
        let verifier = Some(fields.text("code_verifier")?).filter(|text| !text.is_empty());
        if verifier.as_deref().is_some_and(|verifier| !pkce::is_verifier(verifier)) {
            let text = "`code_verifier` is 43 to 128 characters of A-Z a-z 0-9 - . _ ~.";
            return Err(bad("invalid_request", text));
        }
        Ok(Self { code, redirect_uri, verifier, audience: Audience::of(resources(fields)?) })
    }
}

pub(super) async fn redeem(app: &App, client: &Client, asked: Asked) -> Result<Answer, Problem> {
    let code = asked.code.ok_or_else(invalid_grant)?;
    let access = Secret::random();
    let refresh = refreshes(client).then(Secret::random);
    let refresh_hash: Option<SecretHash> = refresh.as_ref().map(Secret::hash);
    let presented = Presented {
        code: &code.hash(),
        redirect_uri: &asked.redirect_uri,
        verifier: asked.verifier.as_deref(),
        audience: &asked.audience,
    };
    let fresh = Fresh { access: &access.hash(), refresh: refresh_hash.as_ref() };
    let granted = app.store.redeem_code(presented, client, fresh, app.now()).await?;
    let granted = granted.map_err(|refused| match refused {
        Refused::Invalid => invalid_grant(),
        Refused::Target => invalid_target(),
    })?;
    let answer = Answer::new(&access, &granted.scope).with_refresh(refresh.as_ref());
    answer.with_id_token(app, &client.registration, granted).await
}
