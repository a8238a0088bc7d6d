//! The server from outside: one binary, a file for each subject. Runs on SQLite, and on the
//! PostgreSQL that `TEST_POSTGRES` names.

mod support;

mod bad_input;
mod bridge;
mod bridge_calls;
mod callback_validation;
mod cli;
mod client_authentication;
mod clients;
mod consent;
mod ended_payloads;
mod nodes_in_process;
mod payload;
mod ping;
mod purge;
mod recovery;
mod second_cookie;
mod status;
