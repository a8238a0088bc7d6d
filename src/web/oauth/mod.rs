//! The OpenID provider: discovery, authorization, tokens, what they open, and signing out.

mod authorize;
mod bearer;
mod client_auth;
mod cors;
mod discovery;
mod id_token_hint;
mod introspect;
mod logout;
mod revoke;
mod token;
mod userinfo;

use rocket::{Route, routes};

pub(super) use authorize::request::{Asked, Refusal};
pub(super) use cors::{AllowedOrigin, Cors, CorsWithCookies};
pub use discovery::Documents;

/// Every route of this module, from the root.
#[must_use]
pub fn routes() -> Vec<Route> {
    let discovery = routes![discovery::openid, discovery::oauth, discovery::jwks];
    let authorize = routes![authorize::get, authorize::post];
    let tokens = routes![token::token, introspect::introspect, revoke::revoke];
    let person = routes![userinfo::get, userinfo::post, userinfo::profile];
    let logout = routes![logout::get, logout::post];
    [discovery, authorize, tokens, person, logout, cors::preflights()].concat()
}
