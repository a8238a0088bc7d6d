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
    secret: BasicSecret,
    peer: Peer,
}

impl Credentials {
    /// The client, if its secret is right, it is not disabled, and its network has not been wrong
    /// too often. An unknown client costs the same comparison as a known one.
    pub async fn verify(self, app: &App) -> Result<Client, Problem> {
        let client = app.active_client(&self.client_id).await?;
        let compared = client.unwrap_or_default();
        if self.secret.is_of(&compared) {
            return Ok(compared);
        }
        app.limits.client_auth_failed(self.peer.network())?;
        Err(Problem::invalid_client())
    }
}

/// A secret that came by HTTP Basic. RFC 6749 §2.3.1 has it form-encoded, so that `+` is a space;
/// many clients leave that out, and a base64 secret may have a `+`. It is right in either reading.
pub struct BasicSecret {
    as_it_is: String,
    form_decoded: String,
}

impl BasicSecret {
    /// Whether it is the client's. Both readings are always compared.
    pub fn is_of(&self, client: &Client) -> bool {
        client.accepts_secret(&self.as_it_is) | client.accepts_secret(&self.form_decoded)
    }
}

/// The client's id and secret in a header of the scheme Basic.
pub fn parse_basic(header: &str) -> Option<(String, BasicSecret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    let id = decode(id).filter(|id| is_id(id) && !secret.is_empty())?;
    let as_it_is = decode(secret)?;
    Some((id, BasicSecret { as_it_is, form_decoded: decode(&secret.replace('+', " "))? }))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Credentials {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let mut headers = request.headers().get("Authorization");
        let header = headers.next().filter(|_| headers.next().is_none());
        let peer = request.guard::<Peer>().await.succeeded();
        match (header.and_then(parse_basic), peer) {
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
        let read = |text: &str| {
            let (id, secret) = parse_basic(&basic(text)).expect("credentials");
            [id, secret.as_it_is, secret.form_decoded]
        };
        assert_eq!(read("wiki:a%3Ab"), ["wiki", "a:b", "a:b"]);
        assert_eq!(read("wiki:a:b"), ["wiki", "a:b", "a:b"]);
        assert_eq!(read("wiki:a+b%2Bc"), ["wiki", "a+b+c", "a b+c"]);
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
            assert!(parse_basic(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,100}") {
            let _ = parse_basic(&text);
            let _ = parse_basic(&basic(&text));
        }
    }
}
