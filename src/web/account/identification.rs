//! Who a person has proved to be, on the account page: by whom, when, who has asked for it, and how to
//! take it away.

use rocket::response::Redirect;
use rocket::{State, post};
use serde::Serialize;
use std::collections::BTreeMap;

use super::show::date_and_second;
use super::{person, see_other};
use crate::domain::provider::MEMBERS;
use crate::store::identifications::{Identification, Read};
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::SameOrigin;
use crate::web::guard::visitor::Visitor;

/// The section in `account/show.html`.
#[derive(Serialize)]
pub(super) struct Section {
    proofs: Vec<Proof>,
    askers: Vec<Asker>,
}

#[derive(Serialize)]
struct Proof {
    provider: String,
    level: String,
    at: String,
    /// What it says, with words for what that is.
    facts: Vec<(&'static str, String)>,
}

/// A client whose backend has asked.
#[derive(Serialize)]
struct Asker {
    #[serde(skip)]
    client_id: String,
    client_name: String,
    /// When, the latest first.
    times: Vec<String>,
}

/// The clients of these questions, each with its own; both the latest first, as the questions are.
fn askers(reads: Vec<Read>) -> Vec<Asker> {
    let mut askers: Vec<Asker> = Vec::new();
    for Read { client_id, client_name, read_at } in reads {
        let at = date_and_second(read_at);
        match askers.iter_mut().find(|asker| asker.client_id == client_id) {
            Some(asker) => asker.times.push(at),
            None => askers.push(Asker {
                client_name: client_name.unwrap_or_else(|| client_id.clone()),
                client_id,
                times: vec![at],
            }),
        }
    }
    askers
}

/// The section; `None` where nobody can be identified and nobody was.
pub(super) async fn section(app: &App, account_uid: &str) -> Result<Option<Section>, Problem> {
    let (store, identifying) = (&app.store, &app.identifying);
    let proofs = store.identifications_of(account_uid, &identifying.sealing).await?;
    let reads = store.identification_reads(account_uid).await?;
    if proofs.is_empty() && reads.is_empty() && identifying.upstreams.providers().len() == 0 {
        return Ok(None);
    }
    Ok(Some(Section {
        proofs: proofs.into_iter().map(|proof| shown(app, proof)).collect(),
        askers: askers(reads),
    }))
}

fn shown(app: &App, proof: Identification) -> Proof {
    let Identification { stamp, acr, identity } = proof;
    let upstream = app.identifying.upstreams.named(&stamp.provider);
    let (subject, mut claims) = match identity {
        Some(identity) => (Some(identity.sub), identity.claims),
        None => (None, BTreeMap::new()),
    };
    let told = MEMBERS.iter().filter_map(|member| Some((words(member), claims.remove(*member)?)));
    let ways = [("Customer there", subject), ("Signed in there by", acr)];
    let ways = ways.into_iter().filter_map(|(words, value)| Some((words, value?)));
    Proof {
        facts: told.chain(ways).collect(),
        provider: upstream.map_or(stamp.provider, |upstream| upstream.provider().name.clone()),
        level: stamp.level,
        at: date_and_second(stamp.identified_at),
    }
}

fn words(member: &str) -> &'static str {
    match member {
        "name" => "Name",
        "given_name" => "Given name",
        "family_name" => "Family name",
        "birthdate" => "Date of birth",
        _ => "Personal identifier",
    }
}

#[post("/account/identification/remove")]
pub(super) async fn remove(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
) -> Result<Redirect, Problem> {
    let who = person(visitor, "/account")?;
    app.store.remove_identifications(&who.account.uid).await?;
    Ok(see_other(app, "/account?done=identification"))
}
