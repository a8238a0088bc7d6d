//! Sign-ins against the bare hash: what the pool, the database and the pages take from it.

use super::child::Role;
use super::drive::{count, median, send_all};
use super::plan::Plan;
use super::requests::SignIn;
use super::seed::{ACCOUNTS, Databases};
use super::server::Server;
use super::table::{Table, Target};
use super::{Result, requests};

/// Enough that a hash always waits.
const CONNECTIONS: usize = 4;

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let server = Server::start(&Role {
        database: databases.small.file.clone(),
        usual_limits: false,
        floor: true,
    })?;
    let mut floor = server.floor(CONNECTIONS).await?;
    let mut accounts = server.accounts(CONNECTIONS).await?;
    let mut people = (0..ACCOUNTS).cycle();
    let (mut of_rates, mut of_cpu) = (Vec::new(), Vec::new());
    let (mut rates, mut rest) = (Vec::new(), Vec::new());
    for round in 0..=plan.sign_in_rounds {
        let hashes = vec![requests::hash(); plan.sign_ins];
        let before = server.cpu()?;
        let bare = send_all(&mut floor, hashes, 200, |_| Ok(())).await?;
        let bare_cpu = server.cpu()?.since(before);

        let signing_in = people.by_ref().take(plan.sign_ins).map(|account| {
            let sign_in = SignIn { account, network: 1, known_device: true, right: true };
            sign_in.request()
        });
        let before = server.cpu()?;
        let good = send_all(&mut accounts, signing_in.collect(), 303, |_| Ok(())).await?;
        let cpu = server.cpu()?.since(before);
        // The first round touches the memory of both.
        if round > 0 {
            of_rates.push(good.rate() / bare.rate());
            of_cpu.push(bare_cpu.hashing.as_secs_f64() / cpu.total().as_secs_f64());
            rates.push(good.rate());
            rest.push(cpu.others.as_secs_f64() * 1e6 / count(plan.sign_ins));
        }
    }
    let beside = format!(
        "{:.1}/s; by CPU {:.2}, {:.0} µs for all but the hash",
        median(&rates),
        median(&of_cpu),
        median(&rest)
    );
    let target = Target::AtLeast(0.9);
    table.row("sign-ins / bare hashes", median(&of_rates), "", &target, &beside);
    Ok(())
}
