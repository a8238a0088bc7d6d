//! How long a page in chromium waits for its verdict (`benches/browser`), which prints a table of
//! its own: its times have no target.

use std::process::Command;

use super::Result;
use super::node::{Missing, install, node, works};
use super::plan::Plan;

/// What starts chromium for the tests starts it here, too.
const BROWSER: &str = "tests/browser";

/// On every core, since the browser needs more than one: to be called before this process is kept
/// on its own.
pub fn measure(plan: &Plan) -> Result<()> {
    if let Err(Missing(why)) = look() {
        println!("From the start of a load to the verdict: skipped. {why}.\n");
        return Ok(());
    }
    let mut command = node("verdict.mjs", "benches/browser");
    command.arg(plan.loads.to_string());
    command.env("VESTIBULE_BINARY", env!("CARGO_BIN_EXE_vestibule"));
    if !command.status()?.success() {
        return Err("the pages could not be measured".into());
    }
    println!();
    Ok(())
}

fn look() -> std::result::Result<(), Missing> {
    install(BROWSER, "playwright-core")?;
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    if works(Command::new(&chromium).arg("--version")) {
        return Ok(());
    }
    Err(Missing(format!("{chromium} cannot be started here; CHROMIUM names another browser")))
}
