//! Access tokens as bearer tokens (RFC 6750).

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;

use crate::domain::account::Account;
use crate::domain::secret::Secret;
use crate::store::tokens::AccessToken;
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;

/// What the header `Authorization` presents.
pub struct Bearer(Presented);

enum Presented {
    Nothing,
    Token(String),
    Unreadable,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bearer {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let mut headers = request.headers().get("Authorization");
        let presented = match (headers.next(), headers.next()) {
            (None, _) => Presented::Nothing,
            (Some(header), None) => parse(header).map_or(Presented::Nothing, Presented::Token),
            _ => Presented::Unreadable,
        };
        Outcome::Success(Self(presented))
    }
}

fn parse(header: &str) -> Option<String> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' ').to_owned())
}

/// A token that is good for our own endpoints, and whose it is.
pub struct Opened {
    /// The token.
    pub token: AccessToken,
    /// The person who authorised it.
    pub account: Account,
}

impl Bearer {
    /// The token's account, if the token lives, is for us, and has one of these scopes. It may
    /// come in the form instead (RFC 6750 §2.2), not in both.
    pub async fn open(self, app: &App, form: &Fields, scopes: &[&str]) -> Result<Opened, Problem> {
        let in_form = form.text("access_token")?;
        let presented = match self.0 {
            Presented::Nothing if in_form.is_empty() => return Err(missing()),
            Presented::Nothing => in_form,
            _ if !in_form.is_empty() => {
                let text = "Present the token in one way: in the header or in the form.";
                let challenge = format!("{CHALLENGE}, error=\"invalid_request\"");
                return Err(Problem::bad_request(text).with_header("WWW-Authenticate", challenge));
            }
            Presented::Token(token) => token,
            Presented::Unreadable => return Err(invalid()),
        };
        let secret = Secret::parse(&presented).ok_or_else(invalid)?;
        let token = app.store.access_token(&secret.hash(), app.now()).await?;
        let token = token.filter(|token| token.audience.is_issuer()).ok_or_else(invalid)?;
        let account = token.grant.account.clone().ok_or_else(|| insufficient(scopes))?;
        if !scopes.iter().any(|scope| token.scope.implies_name(scope)) {
            return Err(insufficient(scopes));
        }
        Ok(Opened { token, account })
    }
}

const CHALLENGE: &str = "Bearer realm=\"vestibule\"";

/// RFC 6750 §3.1: whoever presents nothing is told nothing but the scheme.
fn missing() -> Problem {
    let text = "Present an access token: `Authorization: Bearer` and the token.";
    Problem::new(Status::Unauthorized, "invalid_token", text)
        .with_header("WWW-Authenticate", CHALLENGE)
}

fn invalid() -> Problem {
    let text = "The access token is unknown, has ended, or is for somebody else.";
    Problem::new(Status::Unauthorized, "invalid_token", text).with_header(
        "WWW-Authenticate",
        format!("{CHALLENGE}, error=\"invalid_token\", error_description=\"{text}\""),
    )
}

fn insufficient(scopes: &[&str]) -> Problem {
    let text = format!("This takes a person's token with the scope {}.", scopes.join(" or "));
    let needed = scopes.first().copied().unwrap_or_default();
    Problem::new(Status::Forbidden, "insufficient_scope", text).with_header(
        "WWW-Authenticate",
        format!("{CHALLENGE}, error=\"insufficient_scope\", scope=\"{needed}\""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        assert_eq!(parse("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(parse("bEARER  abc").as_deref(), Some("abc"));
        for bad in ["", "Bearer", "abc", "Basic abc", "Bearerabc"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,100}") {
            let _ = parse(&text);
        }
    }
}
