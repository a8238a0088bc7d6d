//! Swapping a code for tokens (OpenID Connect Core §3.1.3).

use serde_json::Value;

use super::failure::{heard, misbehaves, object};
use super::{Asked, Failure, Upstream};

const PLACE: &str = "the token endpoint";
/// The longest code that is passed on.
const MOST_OF_A_CODE: usize = 2_048;

/// What a code was swapped for. Nothing prints it.
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) id_token: String,
}

/// Whether a text can be a code (RFC 6749, appendix A.11).
pub(super) fn is_code(text: &str) -> bool {
    let good = |b: u8| (0x20..=0x7e).contains(&b);
    (1..=MOST_OF_A_CODE).contains(&text.len()) && text.bytes().all(good)
}

impl Tokens {
    fn read(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name)?.as_str().filter(|text| !text.is_empty());
        let is_visible = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_bearer = text("token_type")?.eq_ignore_ascii_case("Bearer");
        let access_token = text("access_token").filter(is_visible)?.to_owned();
        let id_token = text("id_token").filter(is_visible)?.to_owned();
        is_bearer.then_some(Self { access_token, id_token })
    }
}

impl Upstream {
    /// Swaps a code at the provider's own token endpoint.
    pub(super) async fn swap(&self, code: &str, asked: &Asked) -> Result<Tokens, Failure> {
        let metadata = self.metadata().await?;
        let credentials = self.credentials(&metadata).map_err(misbehaves)?;
        let verifier = asked.verifier.reveal();
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &asked.redirect_uri),
            ("code_verifier", &verifier),
        ];
        fields.extend(credentials.fields.iter().map(|(name, value)| (*name, value.as_str())));
        let authorization = credentials.authorization.as_ref().map(|text| text.as_str());
        let endpoint = &metadata.token_endpoint;
        let answer = self.outgoing.post_for_json(endpoint, authorization, &fields).await;
        let (status, json) = heard(PLACE, answer)?;
        // RFC 6749 §5.2.
        if let (400 | 401, Some(error)) = (status, json.get("error").and_then(Value::as_str)) {
            return Err(Failure::denied(error));
        }
        let tokens = Tokens::read(&object(PLACE, (status, json))?);
        tokens.ok_or_else(|| misbehaves("the token endpoint gave no bearer and id token"))
    }
}
