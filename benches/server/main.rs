//! How fast the server is, on one core with SQLite: `cargo bench` prints a table.
//!
//! The bench is the load, on core 1. It starts itself again as the server, on core 0, where one
//! process runs an empty route of a bare Rocket (the floor) and the accounts server. Machines are
//! noisy, so what counts is the CPU time that the server takes for a request, the floor and a
//! route being measured in short turns; the table gives the ratio of the two. A peer, npm
//! `oidc-provider`, is asked the same as our provider, on the same core; without Node its rows are
//! skipped. Before all that, pages in chromium wait for their verdicts (`benches/browser`), on every
//! core; without Node or chromium that is skipped.
//!
//! `BENCH_QUICK=1` runs all of it in two minutes, with fewer rounds and sessions;
//! `cargo bench -- routes flood` runs some of it (verdict, start, routes, openid, peer, sign-in,
//! flood, operations).

#![expect(clippy::print_stdout, reason = "the table, and the server's ports for its parent")]

mod child;
mod comparison;
mod drive;
mod flood;
mod http;
mod known;
mod node;
mod openid;
mod openid_requests;
mod operations;
mod peer;
mod plan;
mod process;
mod requests;
mod routes;
mod seed;
mod seed_operations;
mod seed_tokens;
mod server;
mod sign_in;
mod sockets;
mod start;
mod table;
mod turns;
mod verdict;

use std::process::ExitCode;

use child::Role;
use plan::Plan;
use table::Table;

/// Anything may fail; the first thing that does ends the bench.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let ended = match Role::of_arguments(std::env::args()) {
        Some(role) => child::run(&role),
        None => measure(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the bench broke off: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a scenario is to run: all do, unless some are named.
fn wants(scenario: &str) -> bool {
    // Cargo adds `--bench`.
    let mut named = std::env::args().skip(1).filter(|name| !name.starts_with('-')).peekable();
    named.peek().is_none() || named.any(|name| name == scenario)
}

/// What is measured of the server alone.
const OF_THE_SERVER: [&str; 7] =
    ["start", "routes", "openid", "peer", "sign-in", "flood", "operations"];

fn measure() -> Result<()> {
    let plan = Plan::of_environment();
    if wants("verdict") {
        verdict::measure(&plan)?;
    }
    if OF_THE_SERVER.into_iter().any(wants) { measure_server(&plan) } else { Ok(()) }
}

fn measure_server(plan: &Plan) -> Result<()> {
    process::pin_to(process::LOAD)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let databases = seed::prepare(folder.path(), plan).await?;
        let mut table = Table::new(plan);
        if wants("start") {
            start::measure(&databases, plan, &mut table).await?;
        }
        if wants("routes") {
            routes::measure(&databases, plan, &mut table).await?;
        }
        if wants("openid") {
            openid::measure(&databases, plan, &mut table).await?;
        }
        if wants("peer") {
            comparison::measure(&databases, plan, &mut table).await?;
        }
        if wants("sign-in") {
            sign_in::measure(&databases, plan, &mut table).await?;
        }
        if wants("flood") {
            flood::measure(&databases, plan, &mut table).await?;
        }
        if wants("operations") {
            operations::measure(&databases, plan, &mut table).await?;
        }
        table.end();
        Ok(())
    })
}
