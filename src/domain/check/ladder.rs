//! Which rungs of the ladder a place leaves: what a page can do to find out who is there, by where
//! it stands.

use serde::Serialize;

use super::Case;
use crate::domain::origin::{Embedder, Origin};

/// How a page, and what it stands in, relates to the accounts site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// One site: cookies and storage are shared.
    Sibling,
    /// Some page of the chain is of another site: browsers keep storage apart.
    CrossSite,
}

/// Whether a rung can be climbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In every browser that is supported.
    Works,
    /// In some browsers, or with what people have allowed.
    Depends,
    /// It is not needed there.
    NotNeeded,
    /// In none, as the client is registered.
    No,
}

/// A rung, and why it is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// As the SDK calls it.
    pub rung: &'static str,
    /// Whether it can be climbed.
    pub state: State,
    /// Why.
    pub why: &'static str,
}

/// An origin of the client, by itself or in a frame of an embedder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The origin of the client's page.
    pub origin: String,
    /// The page above it, if there is one.
    pub framed_by: Option<String>,
    /// How both relate to the accounts site.
    pub relation: Relation,
    /// The ladder, from the bottom.
    pub rungs: Vec<Rung>,
}

/// Each origin by itself, then under each embedder.
pub(super) fn standings(case: &Case<'_>) -> Vec<Standing> {
    let standing = |origin: &Origin, above: Option<&Embedder>| {
        let is_foreign = |origin: &Origin| !origin.is_same_site(case.issuer);
        let is_under_foreign = match above {
            None => false,
            Some(Embedder::Origin(above)) => is_foreign(above),
            Some(Embedder::AnyHttps) => true,
        };
        let relation = if is_foreign(origin) || is_under_foreign {
            Relation::CrossSite
        } else {
            Relation::Sibling
        };
        Standing {
            origin: origin.as_str().to_owned(),
            framed_by: above.map(|above| above.as_str().to_owned()),
            relation,
            rungs: rungs(case, relation, above.is_some()),
        }
    };
    let client = case.client;
    let places = client.origins.iter().flat_map(|origin| {
        std::iter::once(None).chain(client.embedders.iter().map(Some)).map(move |e| (origin, e))
    });
    places.map(|(origin, above)| standing(origin, above)).collect()
}

fn rungs(case: &Case<'_>, relation: Relation, is_framed: bool) -> Vec<Rung> {
    let silent = match relation {
        Relation::Sibling => (State::Works, "The site shares its cookies with the accounts site."),
        Relation::CrossSite => (
            State::Depends,
            "Only where the browser still sends third-party cookies, or has been allowed to.",
        ),
    };
    let has_callback = |kind: &str| {
        case.client.redirect_uris.contains(&case.hosted_callback(kind))
            || case.own_callbacks().next().is_some()
    };
    let lacks = (State::No, "No redirect URI is registered for its answer.");
    let by_tokens = |kind: &str, otherwise| {
        if !case.holds_tokens() {
            (State::No, "Only for public clients, whose pages hold tokens.")
        } else if has_callback(kind) {
            otherwise
        } else {
            lacks
        }
    };
    let prompt = by_tokens("passive", silent);
    let access = match relation {
        Relation::Sibling => (State::NotNeeded, "The cookies are there without it."),
        Relation::CrossSite => (
            State::Depends,
            "A click lets the browser ask; it may refuse, or not know the question.",
        ),
    };
    let window = (State::Works, "A click opens a window of the accounts site.");
    let popup = by_tokens("popup", window);
    let redirect = match (case.holds_tokens(), is_framed) {
        (true, _) if case.own_callbacks().next().is_none() => lacks,
        (_, true) => (State::Works, "A frame cannot lead its window away: it opens a new tab."),
        (_, false) => (State::Works, "The page is left for the accounts site, and come back to."),
    };
    let all = [
        ("bridge", silent),
        ("prompt_none", prompt),
        ("storage_access", access),
        ("popup", popup),
        ("redirect", redirect),
    ];
    all.map(|(rung, (state, why))| Rung { rung, state, why }).to_vec()
}
