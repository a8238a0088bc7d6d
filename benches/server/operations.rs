//! Pages that wait for a confirmation: what an idle socket costs, how soon it hears, whether any
//! confirmation is lost, and whether others notice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tokio::time::timeout;

use super::Result;
use super::child::Role;
use super::drive::{cost_of, count, expect, median, quantile};
use super::http::Connection;
use super::known::cookie;
use super::plan::Plan;
use super::process::Cpu;
use super::requests::{self, post};
use super::seed::{ACCOUNTS, Databases, id};
use super::seed_operations::{self, NUMBER};
use super::server::Server;
use super::sockets::Pages;
use super::table::{Table, Target};

/// How long all pages may take to hear what was confirmed.
const PATIENCE: Duration = Duration::from_mins(1);
/// Confirmations at once.
const AT_ONCE: usize = 8;
/// How often all pages are opened, confirmed and closed. The first time warms the memory up.
const BATCHES: u32 = 3;

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    seed_operations::add(&databases.small, BATCHES * plan.sockets).await?;
    let local = LocalSet::new();
    local.run_until(run(&local, databases, plan, table)).await
}

async fn run(
    local: &LocalSet,
    databases: &Databases,
    plan: &Plan,
    table: &mut Table,
) -> Result<()> {
    let role = Role { database: databases.small.file.clone(), usual_limits: false, floor: true };
    let server = Server::start(&role)?;
    let mut others = Others::of(&server).await?;
    let quiet = others.cost(plan).await?;
    let memory = server.memory()?;

    let sockets = plan.sockets;
    let began = Instant::now();
    let pages = Pages::open(local, server.port(), 0..sockets).await?;
    idle(&server, memory, (sockets, began.elapsed()), table)?;
    let busy = others.cost(plan).await?;
    table.row(
        "CPU of GET /bridge with all sockets open / with none",
        busy / quiet,
        "",
        &Target::AtMost(1.25),
        &format!("{busy:.2} and {quiet:.2} times the floor's beside it"),
    );

    let singly = plan.confirmations.min(sockets);
    let pages = one_by_one(&server, pages, singly, table).await?;
    let mut held = vec![all_at_once(&server, pages, singly..sockets, table).await?];
    for batch in 1..BATCHES {
        let operations = batch * sockets..(batch + 1) * sockets;
        let pages = Pages::open(local, server.port(), operations.clone()).await?;
        held.push(all_at_once(&server, pages, operations, table).await?);
    }
    let (last, before) = (held[held.len() - 1], held[held.len() - 2]);
    table.row(
        "memory after the last batch / after the one before",
        last / before,
        "",
        &Target::AtMost(1.1),
        &format!("{held:.0?} MiB after batches of {sockets}, all pages being closed"),
    );
    Ok(())
}

fn idle(
    server: &Server,
    before: f64,
    (sockets, took): (u32, Duration),
    table: &mut Table,
) -> Result<()> {
    let each = (server.memory()? - before) * 1_024.0 / f64::from(sockets);
    let rate = f64::from(sockets) / took.as_secs_f64();
    let beside = format!("{sockets} sockets, opened in {:.1} s, {rate:.0}/s", took.as_secs_f64());
    table.row("memory of an idle registered socket", each, " KiB", &Target::AtMost(40.0), &beside);
    Ok(())
}

/// The person's browser approves.
fn approve(operation: u32) -> Vec<u8> {
    let (id, cookie) = (id("operation", operation), cookie(operation % ACCOUNTS));
    let headers = format!("Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n");
    let form = format!("answer=approve&number={NUMBER}");
    post(&format!("/operations/{id}"), "application/x-www-form-urlencoded", &headers, &form)
}

/// How soon one page hears, all others being silent: from the request that confirms to the frame.
async fn one_by_one(
    server: &Server,
    mut pages: Pages,
    confirmations: u32,
    table: &mut Table,
) -> Result<Pages> {
    let mut connection = server.accounts(1).await?.remove(0);
    let mut asked = BTreeMap::new();
    for number in 0..confirmations {
        asked.insert(number, Instant::now());
        expect(&connection.send(&approve(number)).await?, 303)?;
        timeout(PATIENCE, pages.have_heard(asked.len())).await??;
    }
    let took = |(number, at): &(u32, Instant)| Some(at.duration_since(*asked.get(number)?));
    let took: Vec<Duration> = pages.heard().iter().filter_map(took).collect();
    for (name, share, most) in [("p50", 0.5, 5.0), ("p99", 0.99, 50.0)] {
        table.row(
            &format!("one confirmation to its socket, all open, {name}"),
            quantile(&took, share).as_secs_f64() * 1_000.0,
            " ms",
            &Target::AtMost(most),
            &format!("{confirmations} of them, from the request to the frame"),
        );
    }
    Ok(pages)
}

/// Confirms one after the other, as fast as it goes; every page must hear. Gives the memory that is
/// held then, with all pages closed, in MiB.
async fn all_at_once(
    server: &Server,
    mut pages: Pages,
    operations: std::ops::Range<u32>,
    table: &mut Table,
) -> Result<f64> {
    let mut connections = server.accounts(AT_ONCE).await?;
    let (heard, wanted) = (pages.heard().len(), operations.len());
    let requests = operations.map(approve).collect();
    let (before, began) = (Cpu::of(server.pid())?, Instant::now());
    cost_of(server.pid(), &mut connections, requests, 303, |_| Ok(())).await?;
    let complete = timeout(PATIENCE, pages.have_heard(heard + wanted)).await.is_ok();
    let took = began.elapsed().as_secs_f64();
    let cpu = Cpu::of(server.pid())?.since(before).others.as_secs_f64() * 1e6 / count(wanted);
    let lost = heard + wanted - pages.heard().len();
    let beside = format!(
        "of {wanted}; all heard: {complete}; {:.0}/s, {cpu:.0} µs of CPU for each",
        count(wanted) / took
    );
    table.row(
        "confirmations that no page heard of",
        count(lost),
        "",
        &Target::AtMost(0.0),
        &beside,
    );
    pages.close().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.memory()
}

/// People who load the bridge meanwhile.
struct Others {
    pid: u32,
    bridge: Vec<Connection>,
    floor: Vec<Connection>,
}

impl Others {
    async fn of(server: &Server) -> Result<Self> {
        let (bridge, floor) = (server.accounts(1).await?, server.floor(1).await?);
        Ok(Self { pid: server.pid(), bridge, floor })
    }

    /// CPU of `GET /bridge`, as a multiple of the floor's in turns beside it.
    async fn cost(&mut self, plan: &Plan) -> Result<f64> {
        let mut costs = Vec::new();
        for _ in 0..plan.rounds {
            let asked = |request: fn(u32) -> Vec<u8>| (0..plan.sessions[0]).map(request).collect();
            let empty = asked(requests::floor);
            let floor = cost_of(self.pid, &mut self.floor, empty, 200, |_| Ok(())).await?;
            let loads = asked(requests::bridge);
            let bridge = cost_of(self.pid, &mut self.bridge, loads, 200, |_| Ok(())).await?;
            costs.push(bridge.micros_each / floor.micros_each);
        }
        Ok(median(&costs))
    }
}
