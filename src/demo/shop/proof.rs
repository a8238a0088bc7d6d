//! Whether whoever ordered has proved who they are: what the shop's backend asks the accounts server,
//! and what it makes of the answer. No page has a part in it.

use super::orders::Order;
use crate::demo::off_band::{CallError, Credentials, OffBand};
use crate::demo::sites::Sites;
use crate::demo::{DemoError, bank, when};
use serde::{Deserialize, Serialize};

/// Asks the accounts server, as the shop.
pub(super) struct Proofs {
    off_band: OffBand,
    client: Credentials,
    accounts: String,
}

/// The answer of the accounts server.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Stamp {
    identified_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    later: Option<bool>,
}

/// That somebody has proved who they are after the order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) identified_at: i64,
    pub(super) provider: String,
    pub(super) level: String,
}

/// Why an order does not go on invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The account has proved nothing, at no time.
    Never,
    /// The last proof, of that instant, is from before the order.
    Older(i64),
    /// It was made elsewhere, or says less, than the shop wants: the page has a say in where.
    Other,
    /// Another order rests on it.
    Used,
    /// The accounts server does not know the account, or does not tell the shop of it.
    NotTold,
    /// The order was paid, put on invoice or changed meanwhile.
    Changed,
    /// The accounts server cannot be asked.
    Unreachable,
}

impl Proofs {
    pub(super) fn new(sites: &Sites) -> Result<Self, DemoError> {
        let (client, accounts) = (sites.credentials(&sites.shop), sites.accounts.origin.clone());
        Ok(Self { off_band: OffBand::new(sites)?, client, accounts })
    }

    /// Asks about an account.
    pub(super) async fn ask(&self, question: &str) -> Result<Stamp, Refusal> {
        let url = format!("{}{question}", self.accounts);
        let answer = self.off_band.get_as(&self.client, &url).await;
        answer.map_err(|error| {
            tracing::warn!(%error, "the accounts server does not say when somebody was identified");
            match error {
                CallError::Refused(404, _) => Refusal::NotTold,
                _ => Refusal::Unreachable,
            }
        })
    }
}

/// What is asked: whether the account that ordered, and no other, has proved who it is since the order.
///
/// The time of the order is by the shop's clock, that of the proof by the accounts server's. In the demo
/// they are one. A shop on another machine keeps its clock in step, and adds to this time as much as the
/// two may still be apart: a proof that comes too early is asked for again, one that was there before the
/// order must not count.
pub(super) fn question(sub: &str, order: &Order) -> String {
    format!("/v1/accounts/{sub}/identification?since={}", order.ordered_at)
}

impl Stamp {
    /// The proof, if there is one and the accounts server says that it is later than the order.
    pub(super) fn proof(&self) -> Result<Proof, Refusal> {
        let identified_at = self.identified_at.ok_or(Refusal::Never)?;
        if self.later != Some(true) {
            return Err(Refusal::Older(identified_at));
        }
        let (provider, level) = (self.provider.clone(), self.level.clone());
        let proof = Proof {
            identified_at,
            provider: provider.unwrap_or_default(),
            level: level.unwrap_or_default(),
        };
        let is_wanted = proof.provider == bank::ID && proof.level == bank::LEVEL;
        is_wanted.then_some(proof).ok_or(Refusal::Other)
    }
}

impl Refusal {
    /// As scripts take it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Older(_) => "older",
            Self::Other => "other",
            Self::Used => "used",
            Self::NotTold => "not_told",
            Self::Changed => "changed",
            Self::Unreachable => "unreachable",
        }
    }

    /// As people read it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Never => "The accounts site knows of no proof of who you are. What a page says \
                counts for nothing: the shop’s server has asked for itself."
                .to_owned(),
            Self::Older(at) => format!(
                "You last proved who you are on {}, and that was before this order. The shop takes \
                only what was proved after it.",
                when(at)
            ),
            Self::Other => {
                "You proved who you are, but not at the bank, which the shop asks for.".to_owned()
            }
            Self::Used => "Another order of yours rests on this proof already. The shop takes one \
                for each order: prove it once more."
                .to_owned(),
            Self::NotTold => {
                "The accounts site does not tell the shop about this account.".to_owned()
            }
            Self::Changed => {
                "This order was settled or changed meanwhile. Load this page again.".to_owned()
            }
            Self::Unreachable => {
                "The accounts site does not answer just now. Try again in a moment.".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn proof(answer: Value) -> Result<Proof, Refusal> {
        serde_json::from_value::<Stamp>(answer).expect("an answer").proof()
    }

    #[test]
    fn only_a_proof_that_is_later_than_the_order_counts() {
        let answer = json!({ "identified_at": 7, "provider": "bank", "level": "substantial", "later": true });
        let good = Proof { identified_at: 7, provider: "bank".into(), level: "substantial".into() };
        assert_eq!(proof(answer), Ok(good));
        for (provider, level) in [("bank", "low"), ("post", "substantial")] {
            let answer =
                json!({ "identified_at": 7, "provider": provider, "level": level, "later": true });
            assert_eq!(proof(answer), Err(Refusal::Other));
        }
        for (later, refusal) in
            [(json!(false), Refusal::Older(7)), (json!(null), Refusal::Older(7))]
        {
            let answer = json!({ "identified_at": 7, "provider": "bank", "later": later });
            assert_eq!(proof(answer), Err(refusal));
        }
        assert_eq!(proof(json!({ "identified_at": 7 })), Err(Refusal::Older(7)));
        for answer in
            [json!({ "identified_at": null, "later": false }), json!({ "later": true }), json!({})]
        {
            assert_eq!(proof(answer), Err(Refusal::Never));
        }
    }

    #[test]
    fn each_refusal_has_a_code_of_its_own_and_words() {
        let all = [
            Refusal::Never,
            Refusal::Older(0),
            Refusal::Other,
            Refusal::Used,
            Refusal::NotTold,
            Refusal::Changed,
            Refusal::Unreachable,
        ];
        let codes: std::collections::BTreeSet<_> =
            all.iter().map(|refusal| refusal.code()).collect();
        assert_eq!(codes.len(), all.len());
        assert!(all.iter().all(|refusal| refusal.text().ends_with('.')));
    }
}
