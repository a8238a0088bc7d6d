//! How this server proves at a token endpoint which client it is (OpenID Connect Core §9).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use zeroize::Zeroizing;

use super::Upstream;
use super::metadata::Metadata;
use crate::clock::SECOND;
use crate::domain::provider::{ClientKey, Credential};
use crate::random;

const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const PRIVATE_KEY: &str = "private_key_jwt";
/// How long an assertion is good, in seconds.
const ASSERTION_LIFETIME: i64 = 60;

/// What goes along with a request. Nothing prints it.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) authorization: Option<Zeroizing<String>>,
    pub(super) fields: Vec<(&'static str, Zeroizing<String>)>,
}

impl Upstream {
    /// In the way that the provider takes; who tells none, takes what is configured.
    pub(super) fn credentials(&self, metadata: &Metadata) -> Result<Credentials, &'static str> {
        let known = metadata.authentication.as_deref();
        let takes = |way: &str| known.is_none_or(|known| known.iter().any(|known| known == way));
        let id = &self.provider.client_id;
        match &self.provider.credential {
            Credential::Secret(secret) if takes(BASIC) => Ok(basic(id, secret)),
            Credential::Secret(secret) if takes(POST) => Ok(Credentials {
                authorization: None,
                fields: vec![("client_id", text(id)), ("client_secret", text(secret))],
            }),
            Credential::Secret(_) => Err("the token endpoint takes no client secret"),
            Credential::Key(key) if takes(PRIVATE_KEY) => self.asserted(key),
            Credential::Key(_) => Err("the token endpoint takes no private_key_jwt"),
        }
    }

    /// RFC 7523 §3. The audience is the issuer alone: who runs one provider cannot use at another
    /// what was made for it.
    fn asserted(&self, key: &ClientKey) -> Result<Credentials, &'static str> {
        let provider = &self.provider;
        let now = self.clock.now().div_euclid(SECOND);
        let claims = json!({
            "iss": provider.client_id,
            "sub": provider.client_id,
            "aud": provider.issuer.as_str(),
            "jti": random::id(),
            "iat": now,
            "exp": now + ASSERTION_LIFETIME,
        });
        let assertion = key.sign(&claims).ok_or("the private key signs nothing")?;
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let fields = vec![
            ("client_id", text(&provider.client_id)),
            ("client_assertion_type", text(kind)),
            ("client_assertion", Zeroizing::new(assertion)),
        ];
        Ok(Credentials { authorization: None, fields })
    }
}

/// RFC 6749 §2.3.1: both parts are encoded as in a form first.
fn basic(id: &str, secret: &str) -> Credentials {
    let encoded = |text: &str| -> Zeroizing<String> {
        Zeroizing::new(url::form_urlencoded::byte_serialize(text.as_bytes()).collect())
    };
    let pair = Zeroizing::new(format!("{}:{}", *encoded(id), *encoded(secret)));
    let header = format!("Basic {}", STANDARD.encode(pair.as_bytes()));
    Credentials { authorization: Some(Zeroizing::new(header)), fields: Vec::new() }
}

fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}
