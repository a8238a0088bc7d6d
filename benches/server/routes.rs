//! What a request of a sibling site costs, against the floor, with few and with many sessions.

use super::Result;
use super::http::Answer;
use super::plan::Plan;
use super::requests;
use super::seed::Databases;
use super::table::Table;
use super::turns::{self, Bench};

/// The routes, and what share of the speed of the floor each should have.
const ROUTES: [(&str, f64); 3] =
    [("GET /bridge", 0.35), ("POST /bridge/payload", 0.12), ("POST /v1/session/recover", 0.12)];
const BRIDGE: usize = 0;
const PAYLOAD: usize = 1;
const RECOVER: usize = 2;

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let benches = turns::measure(databases, plan, ROUTES.len(), round).await?;
    for (index, route) in ROUTES.into_iter().enumerate() {
        turns::rows(table, &benches, route, |bench, load| bench.turns(index, load));
    }
    Ok(())
}

async fn round(bench: &mut Bench<'_>, requests: usize, load: usize) -> Result<()> {
    let asked = bench.for_sessions(requests, requests::bridge);
    bench.turn((BRIDGE, load), asked, 200, |_| Ok(())).await?;

    let asked = bench.for_sessions(requests, requests::payload);
    let mut redeeming = Vec::with_capacity(requests);
    let minted = |answer: &Answer<'_>| {
        let verdict: serde_json::Value = serde_json::from_slice(answer.body)?;
        let payload = verdict["recoveryPayload"].as_str().ok_or("nothing was minted")?;
        redeeming.push(requests::recover(payload));
        Ok(())
    };
    bench.turn((PAYLOAD, load), asked, 200, minted).await?;

    bench.turn((RECOVER, load), redeeming, 200, |_| Ok(())).await
}
