//! When pay takes money, and when it does not.

use crate::demo::introspection::Introspection;
use crate::demo::money::euros;
use serde::Deserialize;

/// The client id of pay: what a token must be aimed at.
pub(super) const OWN_ID: &str = "pay";
/// The scope that paying takes.
const SCOPE: &str = "payments";

/// A shop that pay works for, by its client id at the accounts server.
pub(super) struct Shop {
    pub(super) client_id: &'static str,
    pub(super) name: &'static str,
    pub(super) origin: String,
}

/// Who pays, in which shop.
pub(super) struct Payer<'a> {
    pub(super) sub: &'a str,
    pub(super) name: &'a str,
    pub(super) shop: &'a Shop,
}

/// What the shop's backend says about an order.
#[derive(Deserialize)]
pub(super) struct Bill {
    pub(super) title: String,
    pub(super) quantity: i64,
    pub(super) cents: i64,
    sub: Option<String>,
    paid: bool,
}

/// Why nothing was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The accounts server does not say what the token is: it is not for pay, or it has ended.
    NotForPay,
    /// It is for pay, but for something else than paying.
    NoScope(String),
    UnknownShop,
    /// It stands for no person.
    Nobody,
    UnknownOrder,
    SomebodyElse,
    AlreadyPaid,
    /// From, to.
    AmountChanged(i64, i64),
    /// The accounts server does not say that the person said yes.
    NotConfirmed,
    /// The signed result has been given, and is not here.
    UsedUp,
    /// The signed result is not what it must be.
    NotBelieved,
    /// The person has been asked too many questions.
    TooOften,
    /// The accounts server or the shop cannot be asked.
    Unreachable,
}

/// Whether a token is good for paying here. That it is aimed at us, introspection has said already
/// by answering at all; it is looked at once more, since everything hangs on it.
pub(super) fn payer<'a>(token: &'a Introspection, shops: &'a [Shop]) -> Result<Payer<'a>, Refusal> {
    if !token.active || !token.audience().iter().any(|audience| audience == OWN_ID) {
        return Err(Refusal::NotForPay);
    }
    if !token.scope().any(|name| name == SCOPE) {
        return Err(Refusal::NoScope(token.scope.clone()));
    }
    let shop = shops.iter().find(|shop| shop.client_id == token.client_id);
    let shop = shop.ok_or(Refusal::UnknownShop)?;
    let sub = token.sub.as_deref().filter(|sub| !sub.is_empty()).ok_or(Refusal::Nobody)?;
    Ok(Payer { sub, name: token.username.as_deref().unwrap_or(sub), shop })
}

impl Bill {
    /// Whether this person may pay it now.
    pub(super) fn is_for(&self, payer: &Payer<'_>) -> Result<(), Refusal> {
        if self.sub.as_deref() != Some(payer.sub) {
            return Err(Refusal::SomebodyElse);
        }
        if self.paid { Err(Refusal::AlreadyPaid) } else { Ok(()) }
    }

    /// Whether this is what the person saw.
    pub(super) fn is_still(&self, cents: i64) -> Result<(), Refusal> {
        let same = self.cents == cents;
        if same { Ok(()) } else { Err(Refusal::AmountChanged(cents, self.cents)) }
    }
}

impl Refusal {
    /// As scripts take it.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotForPay => "not_for_pay",
            Self::NoScope(_) => "no_scope",
            Self::UnknownShop => "unknown_shop",
            Self::Nobody => "nobody",
            Self::UnknownOrder => "unknown_order",
            Self::SomebodyElse => "somebody_else",
            Self::AlreadyPaid => "already_paid",
            Self::AmountChanged(..) => "amount_changed",
            Self::NotConfirmed => "not_confirmed",
            Self::UsedUp => "used_up",
            Self::NotBelieved => "not_believed",
            Self::TooOften => "too_often",
            Self::Unreachable => "unreachable",
        }
    }

    /// As people read it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::NotForPay => "This token is not aimed at Pay, or it has ended. The accounts \
                site says no more about it to a site that it is not for."
                .to_owned(),
            Self::NoScope(scope) => {
                format!("This token is for Pay, but it cannot pay: it can “{scope}” only.")
            }
            Self::UnknownShop => "This token comes from a shop that Pay does not know.".to_owned(),
            Self::Nobody => "This token stands for nobody who could pay.".to_owned(),
            Self::UnknownOrder => "The shop knows no such order.".to_owned(),
            Self::SomebodyElse => "This order belongs to somebody else.".to_owned(),
            Self::AlreadyPaid => "This order has been paid already.".to_owned(),
            Self::AmountChanged(from, to) => format!(
                "The order has changed: it costs {} now, not {}. Look at it again first.",
                euros(*to),
                euros(*from)
            ),
            Self::NotConfirmed => "Nobody has confirmed this payment.".to_owned(),
            Self::UsedUp => "The confirmation has been used up. Ask for another one.".to_owned(),
            Self::NotBelieved => "What was confirmed is not this payment.".to_owned(),
            Self::TooOften => {
                "You have been asked too often. Wait a minute, and try again.".to_owned()
            }
            Self::Unreachable => "The shop or the accounts site does not answer. Try again in a \
                moment."
                .to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn shops() -> Vec<Shop> {
        vec![Shop { client_id: "shop", name: "Shop", origin: "https://shop.test".to_owned() }]
    }

    /// Who pays by a token with this claim changed.
    fn with(claim: &str, value: Value) -> Result<String, Refusal> {
        let mut answer = json!({ "active": true, "scope": "payments", "client_id": "shop",
            "sub": "u1", "username": "alice", "aud": "pay" });
        answer[claim] = value;
        let token = serde_json::from_value(answer).expect("an answer");
        payer(&token, &shops()).map(|payer| format!("{} in {}", payer.name, payer.shop.name))
    }

    #[test]
    fn a_token_for_paying_here_names_person_and_shop() {
        let alice = Ok("alice in Shop".to_owned());
        assert_eq!(with("aud", json!(["other", "pay"])), alice);
        assert_eq!(with("scope", json!("profile payments")), alice);
        assert_eq!(with("username", Value::Null), Ok("u1 in Shop".to_owned()));
    }

    #[test]
    fn every_other_token_is_refused() {
        for aud in [json!("https://accounts.test"), json!([]), json!("payments"), json!("PAY")] {
            assert_eq!(with("aud", aud), Err(Refusal::NotForPay));
        }
        assert_eq!(with("active", json!(false)), Err(Refusal::NotForPay), "ended, or foreign");
        for scope in ["", "profile", "payments:read", "repayments", "PAYMENTS"] {
            assert_eq!(with("scope", json!(scope)), Err(Refusal::NoScope(scope.to_owned())));
        }
        assert_eq!(with("client_id", json!("evil")), Err(Refusal::UnknownShop));
        assert_eq!(with("sub", Value::Null), Err(Refusal::Nobody));
        assert_eq!(with("sub", json!("")), Err(Refusal::Nobody));
    }

    #[test]
    fn a_bill_is_paid_by_its_person_once_and_as_it_was_seen() {
        let shops = shops();
        let bill = |sub: Value, paid: bool| -> Bill {
            let bill =
                json!({ "title": "t", "quantity": 1, "cents": 750, "sub": sub, "paid": paid });
            serde_json::from_value(bill).expect("a bill")
        };
        let alice = Payer { sub: "u1", name: "alice", shop: &shops[0] };
        assert_eq!(bill(json!("u1"), false).is_for(&alice), Ok(()));
        assert_eq!(bill(json!("u1"), true).is_for(&alice), Err(Refusal::AlreadyPaid));
        assert_eq!(bill(json!("u2"), false).is_for(&alice), Err(Refusal::SomebodyElse));
        assert_eq!(bill(json!("u2"), true).is_for(&alice), Err(Refusal::SomebodyElse));
        assert_eq!(bill(Value::Null, false).is_for(&alice), Err(Refusal::SomebodyElse));
        let changed = bill(json!("u1"), false).is_still(700);
        assert_eq!(changed, Err(Refusal::AmountChanged(700, 750)));
        assert!(changed.is_err_and(|r| r.text().contains("€7.50 now, not €7.00")));
    }
}
