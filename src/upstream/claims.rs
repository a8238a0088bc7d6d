//! What a provider tells about a person: as much as is mapped, and nothing else.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::failure::{heard, misbehaves, object};
use super::{Failure, Upstream};

const PLACE: &str = "the userinfo endpoint";
/// The longest text that is kept, in characters.
const MOST_CHARACTERS: usize = 500;

/// Our members as far as these claims have them. Nothing and an empty text are the same.
pub(super) fn mapped(
    mapping: &BTreeMap<String, String>,
    claims: &Map<String, Value>,
) -> Result<BTreeMap<String, String>, String> {
    let mut kept = BTreeMap::new();
    for (member, claim) in mapping {
        match claims.get(claim) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.is_empty() => {}
            Some(Value::String(text)) if is_plain(text) => {
                kept.insert(member.clone(), text.clone());
            }
            Some(_) => return Err(format!("the claim for `{member}` is no short text")),
        }
    }
    Ok(kept)
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= MOST_CHARACTERS && !text.contains(char::is_control)
}

impl Upstream {
    /// What the id token tells, and the userinfo endpoint what that leaves open.
    pub(super) async fn told(
        &self,
        id_token: &Map<String, Value>,
        subject: &str,
        access_token: &str,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let mapping = &self.provider.claims;
        let told = mapped(mapping, id_token).map_err(misbehaves)?;
        if told.len() == mapping.len() {
            return Ok(told);
        }
        let metadata = self.metadata().await?;
        let Some(endpoint) = &metadata.userinfo_endpoint else {
            return Ok(told);
        };
        let authorization = zeroize::Zeroizing::new(format!("Bearer {access_token}"));
        let answer = self.outgoing.get_json(endpoint, Some(&authorization)).await;
        let userinfo = object(PLACE, heard(PLACE, answer)?)?;
        // OpenID Connect Core §5.3.2: it may be an answer about somebody else.
        if userinfo.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(misbehaves("the userinfo endpoint answered about somebody else"));
        }
        let userinfo = userinfo.as_object().map(|claims| mapped(mapping, claims));
        let mut all = userinfo.unwrap_or_else(|| Ok(BTreeMap::new())).map_err(misbehaves)?;
        all.extend(told);
        Ok(all)
    }
}
