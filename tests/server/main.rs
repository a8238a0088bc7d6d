//! The server from outside: one binary, a file for each subject. Runs on SQLite, and on the
//! PostgreSQL that `TEST_POSTGRES` names.

mod support;

mod cli;
mod purge;
mod recovery;
