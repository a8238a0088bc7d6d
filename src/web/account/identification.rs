//! Who a person has proved to be, on the account page: by whom, when, who has asked for it, and how to
//! take it away.

use rocket::response::Redirect;
use rocket::{State, post};
use serde::Serialize;

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
    reads: Vec<ReadRow>,
}

#[derive(Serialize)]
struct Proof {
    provider: String,
    level: String,
    at: String,
    /// What it says, with words for what that is.
    facts: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct ReadRow {
    client_name: String,
    at: String,
}

impl From<Read> for ReadRow {
    fn from(read: Read) -> Self {
        let client_name = read.client_name.unwrap_or(read.client_id);
        Self { client_name, at: date_and_second(read.read_at) }
    }
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
        reads: reads.into_iter().map(ReadRow::from).collect(),
    }))
}

fn shown(app: &App, proof: Identification) -> Proof {
    let Identification { stamp, identity } = proof;
    let upstream = app.identifying.upstreams.named(&stamp.provider);
    let mut claims = identity.map(|identity| identity.claims).unwrap_or_default();
    let facts = MEMBERS.iter().filter_map(|member| Some((words(member), claims.remove(*member)?)));
    Proof {
        facts: facts.collect(),
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
