//! What things are: parsed values and the rules between them. No I/O, no clock, no SQL, no HTTP.

pub mod account;
pub mod audience;
pub mod browser;
pub mod check;
pub mod client;
pub mod consent;
pub mod flow;
pub mod grant;
pub mod identification;
pub mod logout;
pub mod operation;
pub mod origin;
pub mod password;
pub mod pkce;
pub mod provider;
pub mod recovery_payload;
pub mod redirect_uri;
pub mod return_to;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod session;
pub mod signing;
pub mod subject;
