//! The relying side: a site with the kit, and the backend in Node, beside a real accounts server.
//!
//! A story is told at both of them. What takes the kit's own options, its guards or its clock to
//! the millisecond is told at the kit alone.

mod callback;
mod cookies;
mod failures;
mod guards;
mod kit_site;
mod logout;
mod logout_keys;
mod logout_tokens;
mod nonce;
mod person;
mod recheck;
mod returning;
mod sessions;
mod signer;
mod stores;
mod stores_ending;
mod wire;
mod world;

pub use kit_site::KitSite;
pub use person::{Person, facts};
pub use signer::{Signer, decoded, encoded};
pub use wire::{Mode, Wire};
pub use world::World;

/// The local session's cookie.
pub const SESSION: &str = "__Host-sso-session";
/// The cookie behind the nonce.
pub const TRANSACTION: &str = "__Host-sso-tx";
/// The cookie that remembers the page.
pub const RETURN: &str = "__Host-sso-to";

/// Tells each story at the kit and at the backend in Node.
macro_rules! at_each_backend {
    ($($story:ident),+ $(,)?) => {
        mod kit {
            $(#[rocket::async_test]
            async fn $story() {
                super::$story(&crate::relying::World::kit().await).await;
            })+
        }
        mod node {
            $(#[rocket::async_test]
            async fn $story() {
                super::$story(&crate::relying::World::node().await).await;
            })+
        }
    };
}
pub(crate) use at_each_backend;
