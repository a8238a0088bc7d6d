//! Flows: a page of a client opens a window of ours in a click and waits, and the answer to its
//! authorization request comes to it through the server, whatever becomes of the window's opener.
//!
//! | part | what it does |
//! |---|---|
//! | `begin` | the page that waits says what it asks for, and which secret it holds |
//! | `page` | the window: who asks, and a number to compare |
//! | `proof` | in place of the number, the window shows the secret of its opener |
//! | `confirmed` | in which browser the flow goes on from there |
//! | `done` | the end of the window |
//! | `outcome`, `events` | the page that waits asks for the answer, or hears it on a socket |
//!
//! The end itself is part of the authorization endpoint (`oauth/authorize/into_flow.rs`).

mod begin;
mod confirmed;
mod done;
mod events;
mod outcome;
mod page;
mod proof;

use rocket::{Route, routes};

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    let waiting = routes![begin::begin, outcome::outcome, events::open];
    let window = routes![page::show, page::submit, proof::prove, done::show];
    [waiting, window].concat()
}
