//! How soon a server answers, and how little it needs before anybody signs in.

use super::child::Role;
use super::drive::{expect, median};
use super::plan::Plan;
use super::seed::Databases;
use super::server::Server;
use super::table::{Table, Target};
use super::{Result, requests};

pub async fn measure(databases: &Databases, plan: &Plan, table: &mut Table) -> Result<()> {
    let fresh = databases.small.file.with_file_name("fresh.db");
    let role = |database: &std::path::Path| Role {
        database: database.to_owned(),
        usual_limits: true,
        floor: false,
    };
    let (first, _) = start(&role(&fresh)).await?;
    let (mut times, mut memories) = (Vec::new(), Vec::new());
    for _ in 0..plan.starts {
        let (time, memory) = start(&role(&databases.small.file)).await?;
        times.push(time);
        memories.push(memory);
    }
    table.row(
        "start to first answer",
        median(&times),
        " ms",
        &Target::AtMost(150.0),
        &format!("the very first start, which makes the tables: {first:.0} ms"),
    );
    table.row(
        "memory before the first sign-in",
        median(&memories),
        " MiB",
        &Target::AtMost(30.0),
        "RSS after 100 times GET /bridge",
    );
    Ok(())
}

/// Milliseconds from the start of the process to the first answer; MiB that are then resident.
async fn start(role: &Role) -> Result<(f64, f64)> {
    let server = Server::start(role)?;
    let mut connection = server.accounts(1).await?.remove(0);
    expect(&connection.send(&requests::health()).await?, 200)?;
    let took = server.began.elapsed();
    for session in 0..100 {
        expect(&connection.send(&requests::bridge(session)).await?, 200)?;
    }
    Ok((took.as_secs_f64() * 1_000.0, server.memory()?))
}
