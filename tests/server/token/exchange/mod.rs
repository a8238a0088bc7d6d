//! Token exchange (RFC 8693): a token becomes a narrower one. Each rule has its attack here.

mod ends;
mod request;
mod rules;
mod target;
mod tree;

use super::{ALL, shopping};
use crate::support::{Backend, Browser, TestServer, Tokens};

/// Narrows a token for somebody, which must work.
async fn narrowed(client: &Backend, token: &str, scope: &str, audience: &str) -> Tokens {
    let aimed = [("audience", audience)];
    let more: &[(&str, &str)] = if audience.is_empty() { &[] } else { &aimed };
    client.narrow(token, scope, more).await.tokens()
}

/// A chain of tokens, each narrowed from the one before, the first of them the shop's wide one.
async fn chain(length: usize) -> (TestServer, Browser, Tokens, Vec<String>) {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let mut all = vec![tokens.access.clone()];
    for _ in 1..length {
        let parent = all.last().expect("a token").clone();
        all.push(narrowed(&shop, &parent, ALL, "").await.access);
    }
    (server, alice, tokens, all)
}
