//! The server from outside: one binary, a file for each subject. Runs on SQLite, and on the
//! PostgreSQL that `TEST_POSTGRES` names.

mod support;

mod assets;
mod bad_input;
mod bridge;
mod bridge_calls;
mod busy;
mod callback_validation;
mod cli;
mod client_authentication;
mod clients;
mod consent;
mod cookies;
mod ended_payloads;
mod forms;
mod framing;
mod headers;
mod health;
mod layers;
mod limits;
mod logs;
mod node_backend;
mod nodes_in_process;
mod password;
mod payload;
mod ping;
mod processes;
mod profile;
mod purge;
mod query_plans;
mod recovery;
mod relying;
mod return_to;
mod same_origin;
mod second_cookie;
mod sessions;
mod signin;
mod signout;
mod signup;
mod status;
mod templates;
mod upgrade;
