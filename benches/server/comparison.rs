//! Our provider beside its peer: what the same requests cost each of them.

use super::Result;
use super::child::Role;
use super::drive::{cost_of, median};
use super::http::{Answer, Connection};
use super::known::{SHOP, cookie, token};
use super::node::Missing;
use super::openid::{has_id_token, is_active, knows_somebody};
use super::openid_requests as requests;
use super::peer::{Browser, Peer};
use super::plan::Plan;
use super::seed::Databases;
use super::server::Server;
use super::table::{Table, Target};
use super::turns::{CONNECTIONS, MOST};

/// What both can do.
const PATHS: [&str; 7] = [
    "discovery",
    "jwks",
    "userinfo",
    "introspection",
    "authorize, prompt=none",
    "authorize + token",
    "client_credentials",
];
const DISCOVERY: usize = 0;
const JWKS: usize = 1;
const USERINFO: usize = 2;
const INTROSPECT: usize = 3;
const AUTHORIZE: usize = 4;
const ROUND_TRIP: usize = 5;
const CREDENTIALS: usize = 6;
/// How much less ours should take.
const TIMES: f64 = 3.0;
/// Rounds that are not counted: the peer's code is compiled while it runs.
const WARMING: usize = 5;

/// One of the two, and what each path cost it for each of [`CONNECTIONS`]: microseconds of CPU for
/// each request.
struct Side {
    pid: u32,
    connections: Vec<Connection>,
    browsers: Vec<Browser>,
    costs: [[Vec<f64>; 2]; PATHS.len()],
}

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let folder = databases.small.file.parent().ok_or("a file is in a folder")?;
    let peer = match Peer::start(folder, plan.peer_sessions)? {
        Ok(peer) => peer,
        Err(Missing(why)) => {
            for (_, name) in names() {
                table.skip(&name, &why);
            }
            return Ok(());
        }
    };
    let server = Server::start(&Role {
        database: databases.small.file.clone(),
        usual_limits: false,
        floor: false,
    })?;
    let (ours, theirs) = sides(&server, peer, plan).await?;
    for ((path, load), name) in names() {
        let (ours, theirs) = (&ours.costs[path][load], &theirs.costs[path][load]);
        let ratios = theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours);
        let ratio = median(&ratios.collect::<Vec<_>>());
        let beside = format!("{:.0} µs CPU, ours {:.0}", median(theirs), median(ours));
        table.row(&name, ratio, "", &Target::AtLeast(TIMES), &beside);
    }
    Ok(())
}

/// Every path for each of [`CONNECTIONS`], and the name of its row.
fn names() -> impl Iterator<Item = ((usize, usize), String)> {
    PATHS.iter().enumerate().flat_map(|(path, name)| {
        CONNECTIONS.iter().enumerate().map(move |(load, connections)| {
            ((path, load), format!("{name}, {connections} at once, oidc-provider / ours"))
        })
    })
}

/// Asks both in turns.
async fn sides(server: &Server, mut peer: Peer, plan: &Plan) -> Result<(Side, Side)> {
    let ours = (0..plan.peer_sessions).map(|n| n * 2 % plan.sessions[0]);
    let ours = ours.map(|n| Browser { cookie: cookie(n), access_token: token(n) });
    let browsers = std::mem::take(&mut peer.browsers);
    let mut ours = Side {
        pid: server.pid(),
        connections: server.accounts(MOST).await?,
        browsers: ours.collect(),
        costs: Default::default(),
    };
    let mut theirs = Side {
        pid: peer.pid(),
        connections: peer.connections(MOST).await?,
        browsers,
        costs: Default::default(),
    };
    for round in 0..WARMING + plan.rounds {
        for load in 0..CONNECTIONS.len() {
            ours.round(plan.requests, load).await?;
            theirs.round(plan.requests, load).await?;
        }
        if round + 1 == WARMING {
            ours.costs = Default::default();
            theirs.costs = Default::default();
        }
    }
    Ok((ours, theirs))
}

impl Side {
    async fn round(&mut self, requests: usize, load: usize) -> Result<()> {
        let asked = vec![requests::discovery(); requests];
        self.turn((DISCOVERY, load), asked, 200, |_| Ok(())).await?;
        let asked = vec![requests::jwks(); requests];
        self.turn((JWKS, load), asked, 200, |_| Ok(())).await?;

        let asked = self.of_browsers(requests, |b| requests::userinfo(&b.access_token));
        self.turn((USERINFO, load), asked, 200, knows_somebody).await?;
        let asked = self.of_browsers(requests, |b| requests::introspect(&SHOP, &b.access_token));
        self.turn((INTROSPECT, load), asked, 200, is_active).await?;

        let asked = self.of_browsers(requests, |b| requests::authorize(&b.cookie));
        let mut redeeming = Vec::with_capacity(requests);
        let answered = |answer: &Answer<'_>| {
            redeeming.push(requests::redeem(requests::code(answer)?));
            Ok(())
        };
        let authorize = self.turn((AUTHORIZE, load), asked, 303, answered).await?;
        self.turn((ROUND_TRIP, load), redeeming, 200, has_id_token).await?;
        if let Some(whole) = self.costs[ROUND_TRIP][load].last_mut() {
            *whole += authorize;
        }

        let asked = vec![requests::credentials(); requests];
        self.turn((CREDENTIALS, load), asked, 200, |_| Ok(())).await?;
        Ok(())
    }

    /// A request for one browser after the other.
    fn of_browsers(&self, count: usize, request: impl Fn(&Browser) -> Vec<u8>) -> Vec<Vec<u8>> {
        self.browsers.iter().cycle().take(count).map(request).collect()
    }

    async fn turn(
        &mut self,
        (path, load): (usize, usize),
        asked: Vec<Vec<u8>>,
        status: u16,
        seen: impl FnMut(&Answer<'_>) -> Result<()>,
    ) -> Result<f64> {
        let connections = &mut self.connections[..CONNECTIONS[load]];
        let cost = cost_of(self.pid, connections, asked, status, seen).await?;
        self.costs[path][load].push(cost.micros_each);
        Ok(cost.micros_each)
    }
}
