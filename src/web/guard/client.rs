//! A client's backend, by HTTP Basic (RFC 7617; RFC 6749 §2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use rocket::request::{FromRequest, Outcome, Request};

use crate::domain::client::{Client, is_id};
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::guard::network::Peer;

/// Credentials that were presented in the right form. They are compared only after the body was
/// found well-formed, so that a malformed request costs no query: see [`Credentials::verify`].
pub struct Credentials {
    client_id: String,
    secret: String,
    peer: Peer,
}

impl Credentials {
    /// The client, if its secret is right, it is not disabled, and its network has not been wrong
    /// too often. An unknown client costs the same comparison as a known one.
    pub async fn verify(self, app: &App) -> Result<Client, Problem> {
        let client = app.active_client(&self.client_id).await?;
        let compared = client.unwrap_or_default();
        if compared.accepts_secret(&self.secret) {
            return Ok(compared);
        }
        app.limits.client_auth_failed(self.peer.network())?;
        Err(Problem::invalid_client())
    }
}

fn parse(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    Some((decode(id)?, decode(secret)?)).filter(|(id, secret)| is_id(id) && !secret.is_empty())
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Credentials {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let mut headers = request.headers().get("Authorization");
        let header = headers.next().filter(|_| headers.next().is_none());
        let peer = request.guard::<Peer>().await.succeeded();
        match (header.and_then(parse), peer) {
            (Some((client_id, secret)), Some(peer)) => {
                Outcome::Success(Self { client_id, secret, peer })
            }
            _ => Outcome::Error((Problem::invalid_client().leave(request), ())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn credentials_are_form_encoded_inside_basic() {
        assert_eq!(parse(&basic("wiki:a%3Ab")), Some(("wiki".into(), "a:b".into())));
        assert_eq!(parse(&basic("wiki:a:b")), Some(("wiki".into(), "a:b".into())));
        for bad in [
            "",
            "Basic",
            "Basic !!",
            "Bearer abc",
            &basic("wiki"),
            &basic(":x"),
            &basic("wiki:"),
            &basic("w iki:x"),
            &basic("wiki:%ff"),
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,100}") {
            let _ = parse(&text);
            let _ = parse(&basic(&text));
        }
    }
}
