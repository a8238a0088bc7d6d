//! `vestibule demo`.

use std::path::PathBuf;

use clap::Args;

use super::report::{Failure, Report};
use super::{Common, logging, serve};
use crate::config::LogFormat;
use crate::demo::DemoOptions;

pub(super) const ABOUT: &str = "\
Runs the accounts server and its sample sites in one process, with nothing to configure and no \
other software: a wiki, an annotator that lives in a frame on it, a shop with its payments page, a site on \
another domain, and a bank that knows who people are. Somebody has an account there already; the address of each site is printed, with what to try.

All of it is forgotten at the end (Ctrl-C) unless --data names a folder to keep it in. The sites \
live under *.localhost, which Chromium and Firefox resolve by themselves.";

const EXAMPLES: &str = "\
Examples:
  vestibule demo
  vestibule demo --first-port 9000 --data ~/vestibule-demo";

/// What `demo` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// The port of the accounts server; the sites follow it
    #[arg(long, value_name = "PORT", default_value_t = 8000,
          value_parser = clap::value_parser!(u16).range(1..=65_000))]
    first_port: u16,
    /// Keep accounts and pages in this folder, which is made if it is missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) fn run(common: &Common, options: Options) -> Result<Report, Failure> {
    logging::start(if common.json { LogFormat::Json } else { LogFormat::Text }, logging::DEMO)?;
    serve::raise_file_limit();
    let options = DemoOptions { first_port: options.first_port, data: options.data };
    let ended = serve::run_with(&rocket::Config::figment(), crate::demo::run(options))?;
    ended.map_err(|error| Failure::new(format!("The demo cannot run: {error}.")))?;
    Ok(Report::nothing())
}
