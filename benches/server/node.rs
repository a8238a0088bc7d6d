//! Node, which runs what this bench has of JavaScript.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why something cannot be measured here.
pub struct Missing(pub String);

/// A folder of this repository.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs a script of a folder, in that folder.
pub fn node(script: &str, at: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(script).current_dir(folder(at));
    command
}

/// Whether a command can be run and ends well; what it says is not heard.
pub fn works(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Sees to it that Node is there, and in this folder the packages, of which one is looked for.
pub fn install(at: &str, package: &str) -> Result<(), Missing> {
    if !works(Command::new("node").arg("--version")) {
        return Err(Missing("Node is not installed here".to_owned()));
    }
    if folder(at).join("node_modules").join(package).is_dir() {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder(at));
    if works(&mut npm) {
        return Ok(());
    }
    Err(Missing(format!("`npm ci` in {at} failed")))
}
