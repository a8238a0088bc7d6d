//! What a token is good for, as the accounts server tells those who may know (RFC 7662).

use super::off_band::{CallError, Credentials, OffBand};
use super::provider::Provider;
use serde::{Deserialize, Serialize};

/// The answer. Of a token that is none of the asker's business, only `active: false` is there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Introspection {
    pub(super) active: bool,
    pub(super) scope: String,
    pub(super) client_id: String,
    pub(super) sub: Option<String>,
    pub(super) username: Option<String>,
    pub(super) aud: Audience,
    pub(super) act: Option<Actor>,
    /// When it ends, in seconds since the epoch.
    pub(super) exp: i64,
}

/// One audience, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A client through whose hands the token came, and whoever had it before (RFC 8693 §4.1).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Actor {
    client_id: String,
    act: Option<Box<Actor>>,
}

/// What people who learn are shown of a token, which is never shown itself.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Facts {
    scope: Vec<String>,
    audience: Vec<String>,
    /// The client that each narrowing was made by, the last one first.
    narrowed_by: Vec<String>,
}

impl Default for Audience {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Introspection {
    /// Asks as this client.
    pub(super) async fn of(
        token: &str,
        who: &Credentials,
        provider: &Provider,
        off_band: &OffBand,
    ) -> Result<Self, CallError> {
        let endpoint = &provider.metadata(off_band).await?.introspection_endpoint;
        off_band.post_as(who, endpoint, &[("token", token)]).await
    }

    /// The scope, name by name.
    pub(super) fn scope(&self) -> impl Iterator<Item = &str> {
        self.scope.split(' ').filter(|name| !name.is_empty())
    }

    /// Everybody it is aimed at.
    pub(super) fn audience(&self) -> &[String] {
        match &self.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Several(all) => all,
        }
    }

    /// What it is good for, for people.
    pub(super) fn facts(&self) -> Facts {
        let first = self.act.as_ref();
        let actors = std::iter::successors(first, |actor| actor.act.as_deref());
        Facts {
            scope: self.scope().map(str::to_owned).collect(),
            audience: self.audience().to_vec(),
            narrowed_by: actors.map(|actor| actor.client_id.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(answer: serde_json::Value) -> Introspection {
        serde_json::from_value(answer).expect("an answer")
    }

    #[test]
    fn a_token_of_somebody_else_has_no_facts() {
        let facts = read(json!({ "active": false })).facts();
        assert!(facts.scope.is_empty() && facts.audience.is_empty());
    }

    #[test]
    fn audience_and_chain_are_read_in_every_form() {
        let act = json!({ "sub": "shop", "client_id": "shop", "act": { "sub": "shop", "client_id": "shop" } });
        let answer = json!({ "active": true, "scope": "payments profile", "client_id": "shop",
            "aud": ["pay", "https://api.example.org"], "act": act });
        let facts = read(answer).facts();
        assert_eq!(facts.scope, ["payments", "profile"]);
        assert_eq!(facts.audience, ["pay", "https://api.example.org"]);
        assert_eq!(facts.narrowed_by, ["shop", "shop"]);
        let one = read(json!({ "active": true, "aud": "pay" }));
        assert_eq!(one.audience(), ["pay"]);
    }
}
