//! What a request to the OpenID provider costs, against the floor, with few and with many access
//! tokens.

use super::Result;
use super::http::Answer;
use super::known::{PAY, SHOP, cookie, token};
use super::openid_requests as requests;
use super::plan::Plan;
use super::seed::Databases;
use super::table::Table;
use super::turns::{self, Bench};

/// The routes, and what share of the speed of the floor each should have.
const ROUTES: [(&str, f64); 8] = [
    ("discovery", 0.5),
    ("jwks", 0.5),
    ("userinfo", 0.25),
    ("introspection", 0.25),
    ("introspection, narrowed", 0.25),
    ("authorize, prompt=none", 0.12),
    ("client_credentials", 0.12),
    ("narrowing", 0.1),
];
const DISCOVERY: usize = 0;
const JWKS: usize = 1;
const USERINFO: usize = 2;
const INTROSPECT: usize = 3;
const INTROSPECT_NARROWED: usize = 4;
const AUTHORIZE: usize = 5;
const CREDENTIALS: usize = 6;
const NARROW: usize = 7;
/// The second half of a round trip.
const TOKEN: usize = 8;

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let benches = turns::measure(databases, plan, ROUTES.len() + 1, round).await?;
    for (index, route) in ROUTES.into_iter().enumerate() {
        turns::rows(table, &benches, route, |bench, load| bench.turns(index, load));
    }
    turns::rows(table, &benches, ("authorize + token", 0.05), |bench, load| {
        bench.turns(AUTHORIZE, load).then(&bench.turns(TOKEN, load))
    });
    Ok(())
}

async fn round(bench: &mut Bench<'_>, requests: usize, load: usize) -> Result<()> {
    let asked = vec![requests::discovery(); requests];
    bench.turn((DISCOVERY, load), asked, 200, |_| Ok(())).await?;
    let asked = vec![requests::jwks(); requests];
    bench.turn((JWKS, load), asked, 200, |_| Ok(())).await?;

    let asked = bench.for_sessions(requests, |n| requests::userinfo(&token(wide(n))));
    bench.turn((USERINFO, load), asked, 200, knows_somebody).await?;
    let asked = bench.for_sessions(requests, |n| requests::introspect(&SHOP, &token(wide(n))));
    bench.turn((INTROSPECT, load), asked, 200, is_active).await?;
    let asked = bench.for_sessions(requests, |n| requests::introspect(&PAY, &token(narrowed(n))));
    bench.turn((INTROSPECT_NARROWED, load), asked, 200, is_active).await?;

    let asked = bench.for_sessions(requests, |n| requests::authorize(&cookie(wide(n))));
    let mut redeeming = Vec::with_capacity(requests);
    let answered = |answer: &Answer<'_>| {
        redeeming.push(requests::redeem(requests::code(answer)?));
        Ok(())
    };
    bench.turn((AUTHORIZE, load), asked, 303, answered).await?;
    bench.turn((TOKEN, load), redeeming, 200, has_id_token).await?;

    let asked = vec![requests::credentials(); requests];
    bench.turn((CREDENTIALS, load), asked, 200, |_| Ok(())).await?;
    let asked = bench.for_sessions(requests, |n| requests::narrow(&token(wide(n))));
    bench.turn((NARROW, load), asked, 200, |_| Ok(())).await
}

/// Every even number has a token as wide as it was authorised, and the odd one after it the token
/// that was narrowed from that.
fn wide(number: u32) -> u32 {
    number & !1
}

fn narrowed(number: u32) -> u32 {
    number | 1
}

pub fn knows_somebody(answer: &Answer<'_>) -> Result<()> {
    contains(answer, "\"email\":")
}

pub fn is_active(answer: &Answer<'_>) -> Result<()> {
    contains(answer, "\"active\":true")
}

pub fn has_id_token(answer: &Answer<'_>) -> Result<()> {
    contains(answer, "\"id_token\":\"")
}

/// An answer that says something else is quicker made.
fn contains(answer: &Answer<'_>, text: &str) -> Result<()> {
    let body = String::from_utf8_lossy(answer.body);
    if body.contains(text) { Ok(()) } else { Err(format!("no {text} in {body}").into()) }
}
