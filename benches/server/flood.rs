//! A flood of wrong sign-ins: what others notice of it.
//!
//! 64 connections from 8 networks guess without a pause. The usual limits let each network have
//! 60 tries at once, so at first the hash pool is full of guesses, and later most are refused:
//! both times are looked at.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Result;
use super::child::Role;
use super::drive::{count, drive, expect, quantile};
use super::http::{Answer, Connection};
use super::plan::Plan;
use super::requests::{self, SignIn};
use super::seed::{ACCOUNTS, Databases};
use super::server::Server;
use super::table::{Table, Target};

const FLOODERS: usize = 64;
const NETWORKS: u8 = 8;
/// People who sign in meanwhile, each from a network of their own.
const PEOPLE: u8 = 8;
/// Those who load the bridge pause, so as not to make the noise that they measure.
const PAUSE: Duration = Duration::from_millis(5);
/// The pool's memory on one core, and 64 MiB, in MiB.
const MEMORY: f64 = 46.0 + 64.0;

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let server = Server::start(&Role {
        database: databases.small.file.clone(),
        usual_limits: true,
        floor: false,
    })?;
    let memory = server.memory()?;
    let quiet = Look::at(&server, plan).await?;
    let guesses = Guesses::default();
    let flood = guesses.flood(server.accounts(FLOODERS).await?);
    let looks = async {
        let first = Look::during(&guesses, &server, plan).await?;
        tokio::time::sleep(plan.between).await;
        let later = Look::during(&guesses, &server, plan).await?;
        Ok([("at first", first), ("later", later)])
    };
    let looks: Result<_> = tokio::select! {
        ended = flood => Err(format!("the flood ended: {ended:?}").into()),
        looks = looks => looks,
    };
    for (when, look) in looks? {
        look.rows(when, &quiet, table);
    }
    let growth = server.most_memory()? - memory;
    let beside = format!("from {memory:.0} MiB");
    let target = Target::AtMost(MEMORY);
    table.row("flood: memory grows by", growth, " MiB", &target, &beside);
    Ok(())
}

/// What became of the guesses.
#[derive(Default)]
struct Guesses {
    hashed: Cell<usize>,
    refused: Cell<usize>,
}

impl Guesses {
    /// Guesses at everybody's password, one connection like the other, without an end.
    async fn flood(&self, mut connections: Vec<Connection>) -> Result<()> {
        let mut guesses = (0..u32::MAX).map(|n| SignIn {
            account: n % ACCOUNTS,
            network: 1 + u8::try_from(n % u32::from(NETWORKS)).unwrap_or_default(),
            known_device: false,
            right: false,
        });
        let next = || guesses.next().map(|guess| guess.request());
        let seen = |answer: &Answer<'_>, _| {
            let sum = match answer.status {
                429 | 503 => &self.refused,
                _ => &self.hashed,
            };
            sum.set(sum.get() + 1);
            Ok(())
        };
        drive(&mut connections, Duration::ZERO, next, seen).await
    }

    fn so_far(&self) -> [usize; 2] {
        [self.hashed.get(), self.refused.get()]
    }
}

/// What others get of the server.
struct Look {
    bridge: Duration,
    /// Good sign-ins in a second, by whether their device is known.
    known: f64,
    fresh: f64,
    /// Guesses in a second: hashed, refused.
    guesses: [f64; 2],
}

impl Look {
    async fn at(server: &Server, plan: &Plan) -> Result<Self> {
        Ok(Self {
            bridge: bridge(server, plan.phase).await?,
            known: sign_ins(server, plan.phase, true).await?,
            fresh: sign_ins(server, plan.phase, false).await?,
            guesses: [0.0; 2],
        })
    }

    async fn during(guesses: &Guesses, server: &Server, plan: &Plan) -> Result<Self> {
        let (before, began) = (guesses.so_far(), Instant::now());
        let look = Self::at(server, plan).await?;
        let (after, took) = (guesses.so_far(), began.elapsed().as_secs_f64());
        let rate = |index: usize| count(after[index] - before[index]) / took;
        let guesses = [rate(0), rate(1)];
        Ok(Self { guesses, ..look })
    }

    fn rows(&self, when: &str, quiet: &Self, table: &mut Table) {
        let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
        let [hashed, refused] = self.guesses;
        table.row(
            &format!("flood, {when}: p99 of GET /bridge / quiet"),
            millis(self.bridge) / millis(quiet.bridge),
            "",
            &Target::AtMost(20.0),
            &format!(
                "{:.1} ms, quiet {:.1} ms; guesses: {hashed:.0}/s hashed, {refused:.0}/s refused",
                millis(self.bridge),
                millis(quiet.bridge)
            ),
        );
        let people =
            [("known devices", self.known, quiet.known), ("new devices", self.fresh, quiet.fresh)];
        for (who, now, quiet) in people {
            table.row(
                &format!("flood, {when}: sign-ins of {who} / quiet"),
                now / quiet,
                "",
                &Target::AtLeast(0.5),
                &format!("{now:.1}/s, quiet {quiet:.1}/s"),
            );
        }
    }
}

/// 99 of 100 loads of the bridge are answered within this time.
async fn bridge(server: &Server, phase: Duration) -> Result<Duration> {
    let mut connections = server.accounts(4).await?;
    let began = Instant::now();
    let mut sessions = (0..1_000).cycle();
    let mut latencies = Vec::new();
    let next = || {
        let session = sessions.next().filter(|_| began.elapsed() < phase)?;
        Some(requests::bridge(session))
    };
    let seen = |answer: &Answer<'_>, took| {
        latencies.push(took);
        expect(answer, 200)
    };
    drive(&mut connections, PAUSE, next, seen).await?;
    Ok(quantile(&latencies, 0.99))
}

/// Good sign-ins in a second.
async fn sign_ins(server: &Server, phase: Duration, known_device: bool) -> Result<f64> {
    let mut connections = server.accounts(usize::from(PEOPLE)).await?;
    let began = Instant::now();
    let mut accounts = (0..ACCOUNTS).cycle();
    let mut networks = (100..100 + PEOPLE).cycle();
    let mut good = 0;
    let next = || {
        let sign_in = SignIn {
            account: accounts.next().filter(|_| began.elapsed() < phase)?,
            network: networks.next()?,
            known_device,
            right: true,
        };
        Some(sign_in.request())
    };
    let seen = |answer: &Answer<'_>, _| {
        good += usize::from(answer.status == 303);
        Ok(())
    };
    drive(&mut connections, Duration::ZERO, next, seen).await?;
    Ok(count(good) / began.elapsed().as_secs_f64())
}
