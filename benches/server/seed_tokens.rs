//! Grants and access tokens, for the sessions of the same numbers.

use sqlx::sqlite::SqliteConnection;
use vestibule::clock::{DAY, MINUTE};

use super::Result;
use super::known::{REDIRECT_URI, SCOPE};
use super::seed::{ACCOUNTS, hash, id};

/// As many access tokens as numbers: each even one is the shop's token of this session, from a code
/// that was redeemed; the odd one after it was narrowed from that for pay. They live as long as the
/// sessions do, so that all of them are alive to the end.
pub async fn add(db: &mut SqliteConnection, numbers: std::ops::Range<u32>, now: i64) -> Result<()> {
    let rows: Vec<_> = numbers.step_by(2).map(row).collect();
    let rows = serde_json::to_string(&rows)?;
    for sql in [GRANTS, SIDS, WIDE, NARROWED] {
        sqlx::query(sql)
            .bind(&rows)
            .bind(now)
            .bind(now + 28 * DAY)
            .bind(SCOPE)
            .bind(ACCOUNTS)
            .bind(REDIRECT_URI)
            .bind(now + MINUTE)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

fn row(number: u32) -> [String; 6] {
    [
        number.to_string(),
        id("session", number),
        id("grant", number),
        hash("code", number),
        hash("token", number),
        hash("token", number + 1),
    ]
}

/// $1 the rows, $2 now, $3 the end of everything, $4 what was authorised, $5 accounts, $6 where
/// codes go, $7 the end of the codes.
const GRANTS: &str = "INSERT INTO grants (id, client_id, account_uid, session_id, scope, audience, \
    nonce, auth_time, redirect_uri, code_challenge, code_hash, code_expires_at, code_used_at, \
    created_at, expires_at) SELECT value->>2, 'shop', printf('%032x', (value->>0) % $5), \
    value->>1, $4, '', 'n-0S6_WzA2Mj', $2, $6, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', \
    value->>3, $7, $2, $2, $3 FROM json_each($1)";
const SIDS: &str = "INSERT INTO client_sessions (sid, session_id, client_id, created_at) \
    SELECT lower(hex(randomblob(16))), value->>1, 'shop', $2 FROM json_each($1)";
const WIDE: &str = "INSERT INTO access_tokens (hash, grant_id, parent_hash, depth, scope, \
    audience, created_at, expires_at) SELECT value->>4, value->>2, NULL, 0, $4, '', $2, $3 \
    FROM json_each($1)";
const NARROWED: &str = "INSERT INTO access_tokens (hash, grant_id, parent_hash, depth, scope, \
    audience, created_at, expires_at) SELECT value->>5, value->>2, value->>4, 1, 'payments', \
    'pay', $2, $3 FROM json_each($1)";
