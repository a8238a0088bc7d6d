//! What a request costs, against the floor, with few and with many sessions.
//!
//! Once with one connection, where every request wakes the server; once with several, where the
//! floor answers many for each time it wakes, and a route waits for the threads of the database.

use std::time::Duration;

use super::Result;
use super::child::Role;
use super::drive::{Slice, count, median, quantile, send_all};
use super::http::{Answer, Connection};
use super::plan::Plan;
use super::requests;
use super::seed::{Database, Databases};
use super::server::Server;
use super::table::{Table, Target};

/// The routes, and what share of the speed of the floor each should have.
const ROUTES: [(&str, f64); 3] =
    [("GET /bridge", 0.35), ("POST /bridge/payload", 0.12), ("POST /v1/session/recover", 0.12)];
/// How many connections there are at once.
const CONNECTIONS: [usize; 2] = [1, 16];
const ALL: usize = 16;
const BRIDGE: usize = 0;
const PAYLOAD: usize = 1;
const RECOVER: usize = 2;

/// A server, and what came of asking it: for each number of [`CONNECTIONS`], and each of the
/// [`ROUTES`], the [`Turns`].
struct Bench<'a> {
    server: Server,
    floor: Vec<Connection>,
    accounts: Vec<Connection>,
    database: &'a Database,
    picked: u64,
    turns: [[Turns; 3]; 2],
}

/// Turns of one route, each beside a turn of the floor.
#[derive(Default)]
struct Turns {
    /// CPU of the empty route, microseconds for each request.
    floor: Vec<f64>,
    /// CPU of this one.
    route: Vec<f64>,
    rates: Vec<f64>,
    latencies: Vec<Duration>,
}

impl Turns {
    fn ratio(&self) -> f64 {
        let pairs = self.floor.iter().zip(&self.route);
        median(&pairs.map(|(floor, route)| floor / route).collect::<Vec<_>>())
    }
}

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let mut small = Bench::start(&databases.small).await?;
    let mut large = Bench::start(&databases.large).await?;
    for _ in 0..plan.rounds {
        for load in 0..CONNECTIONS.len() {
            small.round(plan.requests, load).await?;
            large.round(plan.requests, load).await?;
        }
    }
    for (index, (name, least)) in ROUTES.into_iter().enumerate() {
        let target = Target::AtLeast(least);
        for (load, connections) in CONNECTIONS.into_iter().enumerate() {
            let (few, many) = (&small.turns[load][index], &large.turns[load][index]);
            row(table, &format!("{name}, {connections} at once, small"), few, &target);
            row(table, &format!("{name}, {connections} at once, large"), many, &target);
            let growth = many.route.iter().zip(&few.route).map(|(many, few)| many / few);
            table.row(
                &format!("{name}, {connections} at once, CPU large / small"),
                median(&growth.collect::<Vec<_>>()),
                "",
                &Target::AtMost(1.5),
                "",
            );
        }
    }
    Ok(())
}

fn row(table: &mut Table, name: &str, turns: &Turns, target: &Target) {
    let (floor, route) = (median(&turns.floor), median(&turns.route));
    let (rate, p99) = (median(&turns.rates), quantile(&turns.latencies, 0.99));
    let beside = format!(
        "{route:.0} µs CPU, the floor {floor:.0}; {rate:.0}/s, p99 {:.1} ms",
        p99.as_secs_f64() * 1_000.0
    );
    table.row(name, turns.ratio(), "", target, &beside);
}

impl<'a> Bench<'a> {
    /// Starts a server; a first round warms it up and is not counted.
    async fn start(database: &'a Database) -> Result<Self> {
        let server = Server::start(&Role {
            database: database.file.clone(),
            usual_limits: false,
            floor: true,
        })?;
        let mut bench = Self {
            floor: server.floor(ALL).await?,
            accounts: server.accounts(ALL).await?,
            server,
            database,
            picked: 0x9e37_79b9_7f4a_7c15,
            turns: Default::default(),
        };
        bench.round(200, 1).await?;
        bench.turns = Default::default();
        Ok(bench)
    }

    /// One turn of each route, each after one of the floor.
    async fn round(&mut self, requests: usize, load: usize) -> Result<()> {
        self.floor(requests, (load, BRIDGE)).await?;
        let asked = self.for_sessions(requests, requests::bridge);
        self.turn(asked, (load, BRIDGE), |_| Ok(())).await?;

        self.floor(requests, (load, PAYLOAD)).await?;
        let asked = self.for_sessions(requests, requests::payload);
        let mut redeeming = Vec::with_capacity(requests);
        let minted = |answer: &Answer<'_>| {
            let verdict: serde_json::Value = serde_json::from_slice(answer.body)?;
            let payload = verdict["recoveryPayload"].as_str().ok_or("nothing was minted")?;
            redeeming.push(requests::recover(payload));
            Ok(())
        };
        self.turn(asked, (load, PAYLOAD), minted).await?;

        self.floor(requests, (load, RECOVER)).await?;
        self.turn(redeeming, (load, RECOVER), |_| Ok(())).await
    }

    async fn floor(&mut self, requests: usize, (load, route): (usize, usize)) -> Result<()> {
        // The floor is cheap: more of it, for as long a look.
        let asked = self.for_sessions(4 * requests, requests::floor);
        let before = self.server.cpu()?;
        let slice = send_all(&mut self.floor[..CONNECTIONS[load]], asked, 200, |_| Ok(())).await?;
        let cpu = self.server.cpu()?.since(before).others;
        self.turns[load][route].floor.push(micros_each(cpu, &slice));
        Ok(())
    }

    async fn turn(
        &mut self,
        asked: Vec<Vec<u8>>,
        (load, route): (usize, usize),
        seen: impl FnMut(&Answer<'_>) -> Result<()>,
    ) -> Result<()> {
        let before = self.server.cpu()?;
        let slice = send_all(&mut self.accounts[..CONNECTIONS[load]], asked, 200, seen).await?;
        let cpu = self.server.cpu()?.since(before).others;
        let turns = &mut self.turns[load][route];
        turns.route.push(micros_each(cpu, &slice));
        turns.rates.push(slice.rate());
        turns.latencies.extend(slice.latencies);
        Ok(())
    }

    /// A request for each of so many sessions, picked evenly from all over the database.
    fn for_sessions(&mut self, count: usize, request: fn(u32) -> Vec<u8>) -> Vec<Vec<u8>> {
        let picked = std::iter::repeat_with(|| self.pick()).take(count);
        picked.map(request).collect()
    }

    /// Xorshift: any even spread will do.
    fn pick(&mut self) -> u32 {
        self.picked ^= self.picked << 13;
        self.picked ^= self.picked >> 7;
        self.picked ^= self.picked << 17;
        u32::try_from(self.picked % u64::from(self.database.sessions)).unwrap_or_default()
    }
}

fn micros_each(cpu: Duration, slice: &Slice) -> f64 {
    cpu.as_secs_f64() * 1e6 / count(slice.latencies.len())
}
