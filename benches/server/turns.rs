//! Turns: the floor, then a route, and the CPU that the server took for each.
//!
//! Once with one connection, where every request wakes the server; once with several, where the
//! floor answers many for each time it wakes, and a route waits for the threads of the database.

use std::time::Duration;

use super::Result;
use super::child::Role;
use super::drive::{Cost, cost_of, median, quantile};
use super::http::{Answer, Connection};
use super::plan::Plan;
use super::requests;
use super::seed::{Database, Databases};
use super::server::Server;
use super::table::{Table, Target};

/// How many connections there are at once.
pub const CONNECTIONS: [usize; 2] = [1, 16];
pub const MOST: usize = 16;

/// A server, and what came of asking it: the [`Turns`] of each route for each of the
/// [`CONNECTIONS`].
pub struct Bench<'a> {
    server: Server,
    floor: Vec<Connection>,
    accounts: Vec<Connection>,
    database: &'a Database,
    picked: u64,
    turns: Vec<[Turns; 2]>,
}

/// Turns of one route, each beside a turn of the floor.
#[derive(Clone, Default)]
pub struct Turns {
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

    fn add(&mut self, floor: &Cost, route: Cost) {
        self.floor.push(floor.micros_each);
        self.route.push(route.micros_each);
        self.rates.push(route.slice.rate());
        self.latencies.extend(route.slice.latencies);
    }

    /// What both take together, one after the other.
    pub fn then(&self, other: &Self) -> Self {
        let both = |a: &[f64], b: &[f64], of: fn(f64, f64) -> f64| {
            a.iter().zip(b).map(|(a, b)| of(*a, *b)).collect()
        };
        let latencies = self.latencies.iter().zip(&other.latencies);
        Self {
            floor: both(&self.floor, &other.floor, f64::midpoint),
            route: both(&self.route, &other.route, |a, b| a + b),
            rates: both(&self.rates, &other.rates, |a, b| 1.0 / (1.0 / a + 1.0 / b)),
            latencies: latencies.map(|(a, b)| *a + *b).collect(),
        }
    }
}

/// Asks both databases in turns; `round` is one turn of each of so many routes.
pub async fn measure<'a>(
    databases: &'a Databases,
    plan: &Plan,
    routes: usize,
    round: impl AsyncFn(&mut Bench<'a>, usize, usize) -> Result<()>,
) -> Result<[Bench<'a>; 2]> {
    let mut small = Bench::start(&databases.small, routes).await?;
    let mut large = Bench::start(&databases.large, routes).await?;
    for bench in [&mut small, &mut large] {
        // A first round warms it up and is not counted.
        round(bench, 200, 1).await?;
        bench.turns.fill_with(Default::default);
    }
    for _ in 0..plan.rounds {
        for load in 0..CONNECTIONS.len() {
            round(&mut small, plan.requests, load).await?;
            round(&mut large, plan.requests, load).await?;
        }
    }
    Ok([small, large])
}

/// The rows of a route: its share of the speed of the floor, which should be so much at least, and
/// what a large database costs it.
pub fn rows(
    table: &mut Table,
    benches: &[Bench<'_>; 2],
    (name, least): (&str, f64),
    of: impl Fn(&Bench<'_>, usize) -> Turns,
) {
    let target = Target::AtLeast(least);
    for (load, connections) in CONNECTIONS.into_iter().enumerate() {
        let [few, many] = [&benches[0], &benches[1]].map(|bench| of(bench, load));
        row(table, &format!("{name}, {connections} at once, small"), &few, &target);
        row(table, &format!("{name}, {connections} at once, large"), &many, &target);
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
    async fn start(database: &'a Database, routes: usize) -> Result<Self> {
        let server = Server::start(&Role {
            database: database.file.clone(),
            usual_limits: false,
            floor: true,
        })?;
        Ok(Self {
            floor: server.floor(MOST).await?,
            accounts: server.accounts(MOST).await?,
            server,
            database,
            picked: 0x9e37_79b9_7f4a_7c15,
            turns: vec![Default::default(); routes],
        })
    }

    pub fn turns(&self, route: usize, load: usize) -> Turns {
        self.turns[route][load].clone()
    }

    /// A turn of a route, after one of the floor. Every answer must have this status.
    pub async fn turn(
        &mut self,
        (route, load): (usize, usize),
        asked: Vec<Vec<u8>>,
        status: u16,
        seen: impl FnMut(&Answer<'_>) -> Result<()>,
    ) -> Result<()> {
        // The floor is cheap: more of it, for as long a look.
        let empty = self.for_sessions(4 * asked.len(), requests::floor);
        let (pid, connections) = (self.server.pid(), CONNECTIONS[load]);
        let floor = &mut self.floor[..connections];
        let floor = cost_of(pid, floor, empty, 200, |_| Ok(())).await?;
        let accounts = &mut self.accounts[..connections];
        let cost = cost_of(pid, accounts, asked, status, seen).await?;
        self.turns[route][load].add(&floor, cost);
        Ok(())
    }

    /// A request for each of so many sessions, picked evenly from all over the database.
    pub fn for_sessions(&mut self, count: usize, request: impl Fn(u32) -> Vec<u8>) -> Vec<Vec<u8>> {
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
