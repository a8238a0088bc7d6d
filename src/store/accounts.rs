//! Accounts, and the browsers their people signed in with before.

use sqlx::FromRow;

use super::{Result, Store, in_transaction, on};
use crate::domain::account::{Account, Profile, fold};
use crate::domain::secret::SecretHash;
use crate::random;

/// Browsers that are remembered for an account; one more forgets the one not used for longest.
pub const MOST_DEVICES: i64 = 100;

/// What came of adding an account.
#[derive(Debug, PartialEq, Eq)]
pub enum Added {
    /// It was added.
    Account(Account),
    /// Somebody else has this username.
    UsernameTaken,
    /// Somebody else has this e-mail address.
    EmailTaken,
}

/// An account with the hash that signs it in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The account.
    pub account: Account,
    /// The PHC string of its password.
    pub password_hash: String,
}

#[derive(FromRow)]
pub(super) struct AccountRow {
    uid: String,
    username: String,
    email: String,
    full_name: String,
    email_verified_at: Option<i64>,
    created_at: i64,
    disabled_at: Option<i64>,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            uid: row.uid,
            username: row.username,
            email: row.email,
            full_name: row.full_name,
            email_verified_at: row.email_verified_at,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        }
    }
}

#[derive(FromRow)]
struct CredentialsRow {
    #[sqlx(flatten)]
    account: AccountRow,
    password_hash: String,
}

const BY_UID: &str = "SELECT uid, username, email, full_name, email_verified_at, created_at, \
    disabled_at FROM accounts WHERE uid = $1";
const BY_USERNAME: &str = "SELECT uid, username, email, full_name, email_verified_at, created_at, \
    disabled_at, password_hash FROM accounts WHERE username_key = $1";
const BY_EMAIL: &str = "SELECT uid, username, email, full_name, email_verified_at, created_at, \
    disabled_at, password_hash FROM accounts WHERE email_key = $1";
const CREDENTIALS: &str = "SELECT uid, username, email, full_name, email_verified_at, created_at, \
    disabled_at, password_hash FROM accounts WHERE uid = $1";
const DEVICE: &str = "SELECT id FROM devices WHERE secret_hash = $1 AND account_uid = $2";
const FORGET_DEVICES: &str = "DELETE FROM devices WHERE account_uid = $1 AND id NOT IN \
    (SELECT id FROM devices WHERE account_uid = $1 ORDER BY last_used_at DESC, id LIMIT $2)";
const ANY_DEVICE: &str = "SELECT id FROM devices WHERE secret_hash = $1 LIMIT 1";
const FINISH_SESSIONS: &str = "UPDATE sessions SET finished_at = $2, idle_expires_at = $2, \
    expires_at = $2 WHERE account_uid = $1 AND finished_at IS NULL";
pub(super) const BURN_PAYLOADS: &str = "UPDATE recovery_payloads SET used_at = $2 WHERE used_at IS NULL \
    AND session_id IN (SELECT id FROM sessions WHERE account_uid = $1)";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("account by uid", BY_UID),
    ("account by username", BY_USERNAME),
    ("account by e-mail", BY_EMAIL),
    ("credentials by uid", CREDENTIALS),
    ("device of an account", DEVICE),
    ("device by secret", ANY_DEVICE),
    ("forget the oldest devices", FORGET_DEVICES),
    ("finish sessions of an account", FINISH_SESSIONS),
    ("burn payloads of an account", BURN_PAYLOADS),
];

fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

impl Store {
    /// Adds an account; the username and the address must be free.
    pub async fn add_account(
        &self,
        profile: &Profile,
        password_hash: &str,
        now: i64,
    ) -> Result<Added> {
        const SQL: &str = "INSERT INTO accounts (uid, username, username_key, email, email_key, \
            full_name, password_hash, password_changed_at, created_at, updated_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8) ON CONFLICT DO NOTHING";
        let uid = random::id();
        let (username_key, email_key) = (fold(&profile.username), fold(&profile.email));
        let added = on!(self, write, db => sqlx::query(SQL)
            .bind(&uid).bind(&profile.username).bind(&username_key)
            .bind(&profile.email).bind(&email_key).bind(&profile.full_name)
            .bind(password_hash).bind(now)
            .execute(db).await?.rows_affected());
        if added == 1 {
            return Ok(Added::Account(Account {
                uid,
                username: profile.username.clone(),
                email: profile.email.clone(),
                full_name: profile.full_name.clone(),
                email_verified_at: None,
                created_at: now,
                disabled_at: None,
            }));
        }
        let username_is_taken =
            self.credentials_by_key(BY_USERNAME, &username_key).await?.is_some();
        Ok(if username_is_taken { Added::UsernameTaken } else { Added::EmailTaken })
    }

    /// The account with this uid.
    pub async fn account(&self, uid: &str) -> Result<Option<Account>> {
        let row: Option<AccountRow> =
            on!(self, read, db => sqlx::query_as(BY_UID).bind(uid).fetch_optional(db).await)?;
        Ok(row.map(Account::from))
    }

    /// The account that signs in with this username or e-mail address, without regard to case.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<Credentials>> {
        let sql = if login.contains('@') { BY_EMAIL } else { BY_USERNAME };
        self.credentials_by_key(sql, &fold(login)).await
    }

    /// The account with this uid and the hash of its password.
    pub async fn credentials(&self, uid: &str) -> Result<Option<Credentials>> {
        self.credentials_by_key(CREDENTIALS, uid).await
    }

    async fn credentials_by_key(
        &self,
        sql: &'static str,
        key: &str,
    ) -> Result<Option<Credentials>> {
        let row: Option<CredentialsRow> =
            on!(self, read, db => sqlx::query_as(sql).bind(key).fetch_optional(db).await)?;
        Ok(row.map(|row| Credentials {
            account: row.account.into(),
            password_hash: row.password_hash,
        }))
    }

    /// Up to `limit` accounts by username, those after `after` when it is given.
    pub async fn list_accounts(&self, after: Option<&str>, limit: i64) -> Result<Vec<Account>> {
        const SQL: &str = "SELECT uid, username, email, full_name, email_verified_at, created_at, \
            disabled_at FROM accounts WHERE username_key > $1 ORDER BY username_key LIMIT $2";
        let after = after.map(fold).unwrap_or_default();
        let rows: Vec<AccountRow> = on!(self, read, db => sqlx::query_as(SQL)
            .bind(&after).bind(limit).fetch_all(db).await)?;
        Ok(rows.into_iter().map(Account::from).collect())
    }

    /// Writes what a person changed about themselves. A changed address has to be proved again.
    pub async fn update_profile(&self, uid: &str, profile: &Profile, now: i64) -> Result<Added> {
        const SQL: &str = "UPDATE accounts SET username = $2, username_key = $3, email = $4, \
            email_verified_at = CASE WHEN email_key = $5 THEN email_verified_at END, \
            email_key = $5, full_name = $6, updated_at = $7 WHERE uid = $1 AND NOT EXISTS \
            (SELECT 1 FROM accounts WHERE uid <> $1 AND username_key = $3) AND NOT EXISTS \
            (SELECT 1 FROM accounts WHERE uid <> $1 AND email_key = $5) \
            RETURNING uid, username, email, full_name, email_verified_at, created_at, disabled_at";
        let (username_key, email_key) = (fold(&profile.username), fold(&profile.email));
        let changed: std::result::Result<Option<AccountRow>, _> = on!(self, write, db => sqlx::query_as(SQL)
                .bind(uid).bind(&profile.username).bind(&username_key)
                .bind(&profile.email).bind(&email_key).bind(&profile.full_name).bind(now)
                .fetch_optional(db).await);
        let row = match changed {
            // Somebody else took it at the same moment.
            Err(error) if is_taken(&error) => None,
            changed => changed?,
        };
        if let Some(row) = row {
            return Ok(Added::Account(row.into()));
        }
        let holder = self.credentials_by_key(BY_USERNAME, &username_key).await?;
        let taken = holder.is_some_and(|holder| holder.account.uid != uid);
        Ok(if taken { Added::UsernameTaken } else { Added::EmailTaken })
    }

    /// Sets a password from outside: every session and payload of the account ends. False when
    /// there is no such account.
    pub async fn set_password(&self, uid: &str, password_hash: &str, now: i64) -> Result<bool> {
        const SQL: &str = "UPDATE accounts SET password_hash = $2, password_changed_at = $3, \
            updated_at = $3 WHERE uid = $1";
        Ok(in_transaction!(self, tx => {
            let found = sqlx::query(SQL).bind(uid).bind(password_hash).bind(now)
                .execute(&mut *tx).await?.rows_affected() == 1;
            sqlx::query(BURN_PAYLOADS).bind(uid).bind(now).execute(&mut *tx).await?;
            sqlx::query(FINISH_SESSIONS).bind(uid).bind(now).execute(&mut *tx).await?;
            found
        }))
    }

    /// Replaces a hash by one of the same password with newer parameters, unless the password was
    /// changed in between.
    pub async fn rehash_password(&self, uid: &str, old: &str, new: &str) -> Result<()> {
        const SQL: &str = "UPDATE accounts SET password_hash = $3 \
            WHERE uid = $1 AND password_hash = $2";
        on!(self, write, db => sqlx::query(SQL).bind(uid).bind(old).bind(new).execute(db).await
            .map(|_| ()))?;
        Ok(())
    }

    /// Closes an account to sign-in and ends all it has open. False when there is none such.
    pub async fn disable_account(&self, uid: &str, now: i64) -> Result<bool> {
        const SQL: &str = "UPDATE accounts SET disabled_at = COALESCE(disabled_at, $2), \
            updated_at = $2 WHERE uid = $1";
        Ok(in_transaction!(self, tx => {
            let found = sqlx::query(SQL).bind(uid).bind(now)
                .execute(&mut *tx).await?.rows_affected() == 1;
            sqlx::query(BURN_PAYLOADS).bind(uid).bind(now).execute(&mut *tx).await?;
            sqlx::query(FINISH_SESSIONS).bind(uid).bind(now).execute(&mut *tx).await?;
            found
        }))
    }

    /// Opens a disabled account again. False when there is none such.
    pub async fn enable_account(&self, uid: &str, now: i64) -> Result<bool> {
        const SQL: &str = "UPDATE accounts SET disabled_at = NULL, updated_at = $2 WHERE uid = $1";
        let found = on!(self, write, db => sqlx::query(SQL).bind(uid).bind(now)
            .execute(db).await?.rows_affected());
        Ok(found == 1)
    }

    /// Remembers that this browser signed in to this account.
    pub async fn remember_device(
        &self,
        account_uid: &str,
        secret: &SecretHash,
        now: i64,
    ) -> Result<()> {
        const SQL: &str = "INSERT INTO devices (id, account_uid, secret_hash, created_at, \
            last_used_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT (secret_hash, account_uid) \
            DO UPDATE SET last_used_at = excluded.last_used_at";
        let id = random::id();
        in_transaction!(self, tx => {
            sqlx::query(SQL).bind(&id).bind(account_uid).bind(secret.as_str()).bind(now)
                .execute(&mut *tx).await?;
            sqlx::query(FORGET_DEVICES).bind(account_uid).bind(MOST_DEVICES)
                .execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Whether this browser signed in to any account before.
    pub async fn is_device(&self, secret: &SecretHash) -> Result<bool> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(ANY_DEVICE)
            .bind(secret.as_str()).fetch_optional(db).await)?;
        Ok(row.is_some())
    }

    /// The id of this browser, if it signed in to this account before.
    pub async fn device(&self, account_uid: &str, secret: &SecretHash) -> Result<Option<String>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(DEVICE)
            .bind(secret.as_str()).bind(account_uid).fetch_optional(db).await)?;
        Ok(row.map(|row| row.0))
    }
}
