//! Sessions: browsers that are signed in, and what each client has of them.

use sqlx::FromRow;

use super::accounts::{AccountRow, BURN_PAYLOADS};
use super::{Result, Store, in_transaction, on};
use crate::domain::account::Account;
use crate::domain::secret::SecretHash;
use crate::domain::session::{Session, lifetime};
use crate::random;

/// Sessions that an account may have open at once; a new one beyond ends the oldest.
pub const MOST_SESSIONS: i64 = 100;

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// SHA-256 of the secret in `__Host-session`.
    pub secret: SecretHash,
    /// SHA-256 of the secret in `__Host-session-none`, where that cookie is in use.
    pub none_secret: Option<SecretHash>,
    /// Whether the person asked to be kept signed in.
    pub kept: bool,
    /// What the browser says it is.
    pub user_agent: String,
    /// Where it is.
    pub address: String,
}

/// Who is signed in on a browser.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Whose it is.
    pub account: Account,
}

#[derive(FromRow)]
struct SessionRow {
    id: String,
    account_uid: String,
    auth_time: i64,
    last_seen_at: i64,
    kept: i64,
    user_agent: String,
    address: String,
}

#[derive(FromRow)]
struct SignedInRow {
    #[sqlx(flatten)]
    session: SessionRow,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            account_uid: row.account_uid,
            auth_time: row.auth_time,
            last_seen_at: row.last_seen_at,
            kept: row.kept != 0,
            user_agent: row.user_agent,
            address: row.address,
        }
    }
}

macro_rules! signed_in_by {
    ($column:literal) => {
        concat!(
            "SELECT s.id, s.account_uid, s.auth_time, s.last_seen_at, s.kept, s.user_agent, ",
            "s.address, a.uid, a.username, a.email, a.full_name, a.email_verified_at, ",
            "a.created_at, a.disabled_at FROM sessions s JOIN accounts a ON a.uid = s.account_uid ",
            "WHERE s.",
            $column,
            " = $1 AND s.finished_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2 ",
            "AND a.disabled_at IS NULL"
        )
    };
}

const BY_SECRET: &str = signed_in_by!("secret_hash");
const BY_NONE_SECRET: &str = signed_in_by!("none_secret_hash");
const OF_ACCOUNT: &str = "SELECT id, account_uid, auth_time, last_seen_at, kept, user_agent, \
    address FROM sessions WHERE account_uid = $1 AND finished_at IS NULL \
    AND idle_expires_at > $2 AND expires_at > $2 ORDER BY last_seen_at DESC LIMIT 200";
const TOUCH: &str = "UPDATE sessions SET last_seen_at = $2, idle_expires_at = $3 \
    WHERE id = $1 AND finished_at IS NULL";
const FINISH: &str = "UPDATE sessions SET finished_at = $3, idle_expires_at = $3, \
    expires_at = $3 WHERE id = $1 AND account_uid = $2 AND finished_at IS NULL";
const FINISH_OTHERS: &str = "UPDATE sessions SET finished_at = $3, idle_expires_at = $3, \
    expires_at = $3 WHERE account_uid = $1 AND id <> $2 AND finished_at IS NULL";
const ADD: &str = "INSERT INTO sessions (id, account_uid, secret_hash, none_secret_hash, kept, \
    user_agent, address, created_at, auth_time, last_seen_at, idle_expires_at, expires_at) \
    SELECT $1, uid, $2, $3, $4, $5, $6, $7, $7, $7, $8, $9 FROM accounts \
    WHERE uid = $10 AND disabled_at IS NULL AND password_hash = $11";
/// Waits for a change of the account that is under way, and then sees what it wrote.
const HOLD: &str = "UPDATE accounts SET updated_at = updated_at WHERE uid = $1 \
    AND password_hash = $2 AND disabled_at IS NULL";
const INHERIT_SIDS: &str =
    "UPDATE client_sessions SET session_id = $1 WHERE session_id = $2 AND finished_at IS NULL";
const INHERIT_GRANTS: &str =
    "UPDATE grants SET session_id = $1 WHERE session_id = $2 AND finished_at IS NULL";
const FINISH_OLDEST: &str = "UPDATE sessions SET finished_at = $2, idle_expires_at = $2, \
    expires_at = $2 WHERE account_uid = $1 AND finished_at IS NULL AND id NOT IN \
    (SELECT id FROM sessions WHERE account_uid = $1 AND finished_at IS NULL \
    ORDER BY created_at DESC, id LIMIT $3)";
pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("session by secret", BY_SECRET),
    ("session by second secret", BY_NONE_SECRET),
    ("sessions of an account", OF_ACCOUNT),
    ("touch a session", TOUCH),
    ("finish a session", FINISH),
    ("finish other sessions", FINISH_OTHERS),
    ("hold an account", HOLD),
    ("inherit sids", INHERIT_SIDS),
    ("inherit grants", INHERIT_GRANTS),
    ("finish the oldest sessions", FINISH_OLDEST),
    ("add a session", ADD),
];

/// Binds a new session to [`ADD`]; a macro, since each driver has a query type of its own.
macro_rules! bind_session {
    ($query:expr, $session:ident, $new:ident, $password_hash:ident, $now:ident) => {
        $query
            .bind(&$session.id)
            .bind($new.secret.as_str())
            .bind($new.none_secret.as_ref().map(SecretHash::as_str))
            .bind(i64::from($new.kept))
            .bind(&$new.user_agent)
            .bind(&$new.address)
            .bind($now)
            .bind($now + lifetime($new.kept).idle)
            .bind($now + lifetime($new.kept).absolute)
            .bind(&$session.account_uid)
            .bind($password_hash)
    };
}

impl Store {
    /// Who is signed in with the secret of `__Host-session`.
    pub async fn signed_in(&self, secret: &SecretHash, now: i64) -> Result<Option<SignedIn>> {
        self.signed_in_by(BY_SECRET, secret, now).await
    }

    /// Who is signed in with the secret of `__Host-session-none`.
    pub async fn signed_in_cross_site(
        &self,
        secret: &SecretHash,
        now: i64,
    ) -> Result<Option<SignedIn>> {
        self.signed_in_by(BY_NONE_SECRET, secret, now).await
    }

    async fn signed_in_by(
        &self,
        sql: &'static str,
        secret: &SecretHash,
        now: i64,
    ) -> Result<Option<SignedIn>> {
        let row: Option<SignedInRow> = on!(self, read, db => sqlx::query_as(sql)
            .bind(secret.as_str()).bind(now).fetch_optional(db).await)?;
        Ok(row.map(|row| SignedIn { session: row.session.into(), account: row.account.into() }))
    }

    /// Opens a session for an account whose password was checked against `password_hash`, and ends
    /// the one that this browser had; what clients have of it goes on when it was the same person's,
    /// who only had to sign in again. `None` when the account was disabled, or its password was
    /// changed, in between.
    pub async fn add_session(
        &self,
        account_uid: &str,
        password_hash: &str,
        new: &NewSession,
        replaces: Option<&Session>,
        now: i64,
    ) -> Result<Option<Session>> {
        let session = fresh_session(account_uid, new, now);
        let added = in_transaction!(self, tx => {
            let held = sqlx::query(HOLD).bind(account_uid).bind(password_hash)
                .execute(&mut *tx).await?.rows_affected();
            if held == 0 {
                0
            } else {
                let added = bind_session!(sqlx::query(ADD), session, new, password_hash, now)
                    .execute(&mut *tx).await?.rows_affected();
                if let Some(old) = replaces {
                    if old.account_uid == account_uid {
                        for inherit in [INHERIT_SIDS, INHERIT_GRANTS] {
                            sqlx::query(inherit).bind(&session.id).bind(&old.id)
                                .execute(&mut *tx).await?;
                        }
                    }
                    sqlx::query(FINISH).bind(&old.id).bind(&old.account_uid).bind(now)
                        .execute(&mut *tx).await?;
                }
                sqlx::query(FINISH_OLDEST).bind(account_uid).bind(now).bind(MOST_SESSIONS)
                    .execute(&mut *tx).await?;
                added
            }
        });
        Ok((added == 1).then_some(session))
    }

    /// Changes a password that was checked against `old_hash`: every session and payload of the
    /// account ends, and this browser gets a new session. `None` when the account was disabled, or
    /// its password was changed, in between.
    pub async fn change_password(
        &self,
        account_uid: &str,
        old_hash: &str,
        new_hash: &str,
        new: &NewSession,
        now: i64,
    ) -> Result<Option<Session>> {
        const CHANGE: &str = "UPDATE accounts SET password_hash = $3, password_changed_at = $4, \
            updated_at = $4 WHERE uid = $1 AND password_hash = $2 AND disabled_at IS NULL";
        let session = fresh_session(account_uid, new, now);
        let added = in_transaction!(self, tx => {
            let changed = sqlx::query(CHANGE).bind(account_uid).bind(old_hash).bind(new_hash)
                .bind(now).execute(&mut *tx).await?.rows_affected();
            if changed == 0 {
                0
            } else {
                sqlx::query(BURN_PAYLOADS).bind(account_uid).bind(now).execute(&mut *tx).await?;
                sqlx::query(FINISH_OTHERS).bind(account_uid).bind("").bind(now)
                    .execute(&mut *tx).await?;
                bind_session!(sqlx::query(ADD), session, new, new_hash, now)
                    .execute(&mut *tx).await?.rows_affected()
            }
        });
        Ok((added == 1).then_some(session))
    }

    /// Writes that a session was used.
    pub async fn touch_session(&self, id: &str, kept: bool, now: i64) -> Result<()> {
        let idle_expires_at = now + lifetime(kept).idle;
        on!(self, write, db => sqlx::query(TOUCH).bind(id).bind(now)
            .bind(idle_expires_at).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Ends one session of an account. False when it has no such session open.
    pub async fn finish_session(&self, id: &str, account_uid: &str, now: i64) -> Result<bool> {
        let finished = on!(self, write, db => sqlx::query(FINISH).bind(id).bind(account_uid)
            .bind(now).execute(db).await?.rows_affected());
        Ok(finished == 1)
    }

    /// Ends every session of an account but the one given (`""` for none); how many it were.
    pub async fn finish_other_sessions(
        &self,
        account_uid: &str,
        but: &str,
        now: i64,
    ) -> Result<u64> {
        Ok(on!(self, write, db => sqlx::query(FINISH_OTHERS).bind(account_uid).bind(but)
            .bind(now).execute(db).await?.rows_affected()))
    }

    /// The sessions an account has open, the last used first.
    pub async fn sessions_of(&self, account_uid: &str, now: i64) -> Result<Vec<Session>> {
        let rows: Vec<SessionRow> = on!(self, read, db => sqlx::query_as(OF_ACCOUNT)
            .bind(account_uid).bind(now).fetch_all(db).await)?;
        Ok(rows.into_iter().map(Session::from).collect())
    }

    /// Deletes up to `limit` sessions that ended before `before`, with all that hung on them.
    pub async fn purge_sessions(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM sessions WHERE id IN \
            (SELECT id FROM sessions WHERE expires_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }

    /// Deletes up to `limit` remembered browsers that were not used since `before`.
    pub async fn purge_devices(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM devices WHERE id IN \
            (SELECT id FROM devices WHERE last_used_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}

fn fresh_session(account_uid: &str, new: &NewSession, now: i64) -> Session {
    Session {
        id: random::id(),
        account_uid: account_uid.to_owned(),
        auth_time: now,
        last_seen_at: now,
        kept: new.kept,
        user_agent: new.user_agent.clone(),
        address: new.address.clone(),
    }
}
