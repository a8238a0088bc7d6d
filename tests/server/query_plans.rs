//! Every look-up by a secret or an id uses an index, on both databases, with tables that have
//! enough rows for it to matter.

use sqlx::{Connection, PgConnection, Row, SqliteConnection};

use crate::support::TestServer;
use vestibule::store::lookups;

const ROWS: u32 = 3_000;

/// Rows for every table, the same text for both databases.
#[expect(clippy::too_many_lines, reason = "a few lines for each table")]
fn crowd() -> String {
    let numbers =
        format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})");
    let text = "CAST(i AS TEXT)";
    let key = |prefix: &str| format!("'{prefix}' || {text}");
    let (user, session, client) = (key("u"), key("s"), key("c"));
    let hash = format!("{text} || '{}'", "f".repeat(60));
    // Nothing here is due: the jobs of the server under test would end it before the plans are made.
    let later = "4000000000000 + i";
    let row = |table: &str, columns: &str, values: String| {
        format!("INSERT INTO {table} ({columns}) {numbers} SELECT {values} FROM n;")
    };
    [
        row(
            "accounts",
            "uid, username, username_key, email, email_key, full_name, password_hash, \
             password_changed_at, created_at, updated_at",
            format!("{user}, {user}, {user}, {user}, {user}, 'Somebody', '*', i, i, i"),
        ),
        row(
            "devices",
            "id, account_uid, secret_hash, created_at, last_used_at",
            format!("{text}, {user}, {hash}, i, i"),
        ),
        row(
            "sessions",
            "id, account_uid, secret_hash, none_secret_hash, kept, user_agent, address, \
             created_at, auth_time, last_seen_at, idle_expires_at, expires_at",
            format!("{session}, {user}, {hash}, {hash}, 0, '', '', i, i, i, i, i"),
        ),
        row(
            "clients",
            "client_id, registration, declared, created_at, updated_at",
            format!("{client}, '{{}}', 0, i, i"),
        ),
        row(
            "consents",
            "account_uid, client_id, scope, granted_at",
            format!("{user}, {client}, 'openid', i"),
        ),
        row(
            "client_sessions",
            "sid, session_id, client_id, created_at",
            format!("{text}, {session}, {client}, i"),
        ),
        row(
            "grants",
            "id, client_id, account_uid, session_id, scope, audience, created_at, expires_at",
            format!("{text}, {client}, {user}, {session}, 'openid', '', i, i"),
        ),
        row(
            "access_tokens",
            "hash, grant_id, parent_hash, depth, scope, audience, created_at, expires_at",
            format!("{hash}, {text}, NULL, 0, 'openid', '', i, i"),
        ),
        row("refresh_tokens", "hash, grant_id, created_at", format!("{hash}, {text}, i")),
        row(
            "recovery_payloads",
            "hash, session_id, client_id, origin, created_at, expires_at",
            format!("{hash}, {session}, {client}, '', i, i"),
        ),
        row("server_secrets", "name, sealed, created_at", format!("{text}, '', i")),
        row(
            "signing_keys",
            "kid, alg, public_key, sealed, created_at, signs_from",
            format!("{text}, '', '', '', i, i"),
        ),
        row(
            "logout_deliveries",
            "id, client_id, account_uid, sid, created_at, tries, next_try_at",
            format!("{text}, {client}, {user}, {text}, i, 0, {later}"),
        ),
        row(
            "flows",
            "id, client_id, origin, request, number, created_at, expires_at, browser_hash, \
             finished_at",
            format!("{hash}, {client}, '', '', 10, i, {later}, {hash}, {later}"),
        ),
        row(
            "monitors",
            "id, account_uid, client_id, origin, token_hash, secret_hash, by_cookie, created_at, \
             expires_at, browser_hash, state_hash, finished_at",
            format!(
                "{text}, {user}, {client}, '', {hash}, {hash}, 0, i, {later}, {hash}, {hash}, {later}"
            ),
        ),
        row("identities", "subject_hash, account_uid, identified_at", format!("{hash}, {user}, i")),
        row(
            "identifications",
            "id, account_uid, subject_hash, provider, level, identified_at, sealed, \
             sealed_evidence",
            format!("{text}, {user}, {hash}, '', '', i, '', ''"),
        ),
        row(
            "identification_reads",
            "id, account_uid, client_id, read_at",
            format!("{text}, {user}, {client}, i"),
        ),
        row(
            "operations",
            "id, client_id, account_uid, wait_secret_hash, idempotency_key, \
             request_hash, title, lines, number, failed_sign_ins, created_at, expires_at, left_at, \
             finished_at",
            format!(
                "{text}, {client}, {user}, {hash}, {text}, '', '', '[]', 10, 0, i, {later}, {later}, \
                 {later}"
            ),
        ),
    ]
    .concat()
}

/// The plan of a statement on SQLite, whose parameters may stay open.
async fn plan_of_sqlite(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let rows = sqlx::query(explain).fetch_all(connection).await.expect("a plan");
    rows.iter().map(|row| row.get::<String, _>("detail")).collect()
}

/// The plan that PostgreSQL makes once for all values.
async fn plan_of_postgres(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let count = (1..20).take_while(|n| sql.contains(&format!("${n}"))).count();
    let nulls = vec!["NULL"; count].join(", ");
    let types = if sql.starts_with("INSERT INTO sessions") {
        // Parameters that are only passed through have to be told what they are.
        "(text, text, text, bigint, text, text, bigint, bigint, bigint, text, text)"
    } else {
        ""
    };
    let statements = format!(
        "DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan; PREPARE looked_at {types} AS {sql}"
    );
    let prepared = sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut *connection).await;
    prepared.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN EXECUTE looked_at({nulls})"));
    let rows = sqlx::raw_sql(explain).fetch_all(connection).await.expect("a plan");
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Whether one step of a plan reads a table from end to end.
fn reads_everything(step: &str) -> bool {
    // The chain above a narrowed token is at most eight rows that were just found.
    (step.starts_with("SCAN ") && step != "SCAN above") || step.contains("Seq Scan")
}

#[rocket::async_test]
async fn every_lookup_uses_an_index() {
    let server = TestServer::new().await;
    server.database.execute(&crowd()).await;
    server.database.execute("ANALYZE").await;
    assert!(lookups().len() >= 20);
    for (name, sql) in lookups() {
        let plan = plan(&server, sql).await;
        assert!(!plan.is_empty());
        let slow = plan.iter().find(|step| reads_everything(step));
        assert_eq!(slow, None, "{name}: {plan:#?}");
        let is_index = |step: &String| {
            step.starts_with("SEARCH ")
                || step.contains("Index Cond")
                || step.contains("Index Scan")
        };
        assert!(plan.iter().any(is_index), "{name}: {plan:#?}");
        // A scan of a whole index would be as slow as one of the table.
        let scans = plan.iter().filter(|step| step.contains("Index") && step.contains("Scan"));
        let bounds = plan.iter().filter(|step| step.contains("Index Cond"));
        assert!(scans.count() <= bounds.count(), "{name}: {plan:#?}");
    }
}

#[rocket::async_test]
async fn a_query_without_an_index_would_be_noticed() {
    let server = TestServer::new().await;
    server.database.execute(&crowd()).await;
    server.database.execute("ANALYZE").await;
    for sql in [
        "SELECT uid FROM accounts WHERE full_name = $1",
        "SELECT id FROM devices WHERE account_uid || 'x' = $1",
        "UPDATE sessions SET kept = 1 WHERE address = $1",
    ] {
        let plan = plan(&server, sql).await;
        assert!(plan.iter().any(|step| reads_everything(step)), "{sql}: {plan:#?}");
    }
}

async fn plan(server: &TestServer, sql: &str) -> Vec<String> {
    let url = server.database.url();
    if server.database.is_postgres() {
        let mut connection = PgConnection::connect(&url).await.expect("PostgreSQL answers");
        plan_of_postgres(&mut connection, sql).await
    } else {
        let mut connection = SqliteConnection::connect(&url).await.expect("the file opens");
        plan_of_sqlite(&mut connection, sql).await
    }
}
