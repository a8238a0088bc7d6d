//! What the backend gets for a code, and what it does with it at the token endpoint.

use super::id_token::{self, Expected, IdToken};
use super::{Answer, Oidc, SignIn, SignInError};
use crate::clock::{MINUTE, SECOND};
use crate::demo::jwt::JwtError;
use crate::demo::off_band::CallError;
use serde::Deserialize;

/// A token that is good for less than this is refreshed before it is used: what is narrowed from
/// it lives no longer than it does, and people take their time to pay.
const ENOUGH: i64 = 5 * MINUTE;
/// The grant of RFC 8693.
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The tokens of one session. Nothing prints them.
#[derive(Clone)]
pub(in crate::demo) struct Tokens {
    access: String,
    access_ends_at: i64,
    refresh: String,
    /// Shown to the provider when the person signs out.
    pub(in crate::demo) id_token: String,
}

/// Somebody is signed in.
pub(in crate::demo) struct SignedIn {
    pub(in crate::demo) sub: String,
    pub(in crate::demo) sid: String,
    pub(in crate::demo) name: String,
    pub(in crate::demo) tokens: Tokens,
}

#[cfg(test)]
impl SignedIn {
    /// Somebody with tokens that open nothing.
    pub(in crate::demo) fn sample(sub: &str, sid: &str) -> Self {
        let text = str::to_owned;
        let (access, refresh, id_token) = (text("a"), text("r"), text("i"));
        let tokens = Tokens { access, access_ends_at: 0, refresh, id_token };
        Self { sub: text(sub), sid: text(sid), name: text("Alice"), tokens }
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: i64,
    refresh_token: Option<String>,
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    name: Option<String>,
    preferred_username: Option<String>,
}

impl Oidc {
    /// Ends a sign-in: the code becomes tokens, the tokens a person.
    pub(in crate::demo) async fn finish(
        &self,
        answer: Answer,
        sign_in: &SignIn,
    ) -> Result<SignedIn, SignInError> {
        let code = self.code(answer, sign_in)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri()),
            ("code_verifier", &sign_in.verifier),
        ];
        let answer = self.token(&form).await?;
        let id = self.identity(&answer, Some(&sign_in.nonce)).await?;
        let name = self.name(&answer.access_token, &id.sub).await?;
        let sid = id.sid.ok_or(SignInError::Unbelievable("the id token has no sid"))?;
        let refresh = answer.refresh_token.ok_or(CallError::Unusable)?;
        let tokens = Tokens {
            access: answer.access_token,
            access_ends_at: self.clock.now() + answer.expires_in.saturating_mul(SECOND),
            refresh,
            id_token: answer.id_token.unwrap_or_default(),
        };
        Ok(SignedIn { sub: id.sub, sid, name, tokens })
    }

    /// An access token that is good for a while: this one, or a new one that takes its place.
    pub(in crate::demo) async fn access_token(
        &self,
        tokens: &mut Tokens,
        sub: &str,
    ) -> Result<String, SignInError> {
        if self.clock.now() + ENOUGH < tokens.access_ends_at {
            return Ok(tokens.access.clone());
        }
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.as_str())];
        let answer = self.token(&form).await?;
        if answer.id_token.is_some() {
            // OpenID Connect Core §12.2: still the same person.
            let id = self.identity(&answer, None).await?;
            if id.sub != sub {
                return Err(SignInError::Unbelievable("somebody else was refreshed"));
            }
        }
        tokens.access = answer.access_token;
        tokens.access_ends_at = self.clock.now() + answer.expires_in.saturating_mul(SECOND);
        tokens.refresh = answer.refresh_token.unwrap_or_else(|| tokens.refresh.clone());
        tokens.id_token = answer.id_token.unwrap_or_else(|| tokens.id_token.clone());
        Ok(tokens.access.clone())
    }

    /// A token that can do less, the only kind to hand on (RFC 8693): aimed at somebody, or at the
    /// provider itself.
    pub(in crate::demo) async fn narrowed(
        &self,
        access_token: &str,
        scope: &str,
        audience: Option<&str>,
    ) -> Result<String, CallError> {
        let mut form = vec![
            ("grant_type", EXCHANGE),
            ("subject_token", access_token),
            ("subject_token_type", ACCESS_TOKEN),
            ("scope", scope),
        ];
        form.extend(audience.map(|audience| ("audience", audience)));
        Ok(self.token(&form).await?.access_token)
    }

    async fn token(&self, form: &[(&str, &str)]) -> Result<TokenAnswer, CallError> {
        let endpoint = &self.provider.metadata(&self.off_band).await?.token_endpoint;
        let answer: TokenAnswer = self.off_band.post_as(&self.client, endpoint, form).await?;
        let is_bearer = answer.token_type.eq_ignore_ascii_case("bearer");
        Some(answer).filter(|_| is_bearer).ok_or(CallError::Unusable)
    }

    /// The claims of the id token that came along, verified.
    async fn identity(
        &self,
        answer: &TokenAnswer,
        nonce: Option<&str>,
    ) -> Result<IdToken, SignInError> {
        let token = answer.id_token.as_deref().unwrap_or_default();
        let verified = self.verified(token, &id_token::TYPES).await;
        let claims: IdToken = verified.map_err(|error| match error {
            JwtError::Flawed(what) => SignInError::Unbelievable(what),
            JwtError::Call(error) => SignInError::Call(error),
        })?;
        let expected = Expected {
            issuer: &self.provider.issuer,
            client_id: &self.client.id,
            nonce,
            access_token: &answer.access_token,
            now: self.now(),
        };
        claims.check(&expected).map_err(SignInError::Unbelievable)?;
        Ok(claims)
    }

    /// How to call the person. The answer must be about the same one (OpenID Connect Core §5.3.2).
    async fn name(&self, access_token: &str, sub: &str) -> Result<String, SignInError> {
        let endpoint = &self.provider.metadata(&self.off_band).await?.userinfo_endpoint;
        let info: UserInfo = self.off_band.get_with(endpoint, access_token).await?;
        if info.sub != sub {
            return Err(SignInError::Unbelievable("the profile is somebody else's"));
        }
        let names = [info.name, info.preferred_username].into_iter().flatten();
        let name = names.into_iter().find(|name| !name.trim().is_empty());
        Ok(name.unwrap_or_else(|| "somebody".to_owned()))
    }
}
