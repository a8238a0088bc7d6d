//! Identifications: proofs of who somebody legally is, and who has asked for their time.

use sqlx::FromRow;

use super::monitors::FINISH;
use super::secrets::{SEALED_WITH, wrong_key};
use super::{Result, Store, in_transaction, on};
use crate::domain::identification::{Identity, MOST_READS, Outcome};
use crate::domain::seal::SealingKey;
use crate::domain::secret::SecretHash;
use crate::random;

/// A proof to be written.
pub struct NewIdentification<'a> {
    /// For which monitor it was asked.
    pub monitor_id: &'a str,
    /// Who it is about.
    pub account_uid: &'a str,
    /// By which provider.
    pub provider: &'a str,
    /// See [`crate::domain::identification::subject_hash`].
    pub subject: &'a SecretHash,
    /// What it is worth.
    pub level: &'a str,
    /// How the person signed in there.
    pub acr: Option<&'a str>,
    /// Who it says that the person is.
    pub identity: &'a Identity,
    /// The signed id token.
    pub evidence: &'a str,
    /// Whether an identity of another account comes to this one, and is taken from that one.
    pub moves: bool,
}

/// When somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Stamp {
    /// In milliseconds.
    pub identified_at: i64,
    /// By which provider.
    pub provider: String,
    /// What it is worth.
    pub level: String,
}

/// A proof as its person may see it.
#[derive(Clone, Debug)]
pub struct Identification {
    /// When, by whom, and what it is worth.
    pub stamp: Stamp,
    /// How the person signed in at the provider, if that was said.
    pub acr: Option<String>,
    /// Who it says that the person is; `None` when it does not open.
    pub identity: Option<Identity>,
}

/// A question of a backend.
#[derive(Clone, Debug)]
pub struct Read {
    /// Which client.
    pub client_id: String,
    /// Its name, if it is still registered.
    pub client_name: Option<String>,
    /// When.
    pub read_at: i64,
}

#[derive(FromRow)]
struct IdentificationRow {
    id: String,
    sealed: String,
    acr: Option<String>,
    #[sqlx(flatten)]
    stamp: Stamp,
}

const TAKE_TURN: &str = "UPDATE server_secrets SET name = name WHERE name = $1 RETURNING sealed";
const TAKE_AWAY: &str = "DELETE FROM identities WHERE subject_hash = $1 AND account_uid <> $2";
const OWN: &str = "INSERT INTO identities (subject_hash, account_uid, identified_at) \
    VALUES ($1, $2, $3) ON CONFLICT (subject_hash) DO UPDATE SET identified_at = CASE \
    WHEN identities.account_uid = excluded.account_uid THEN excluded.identified_at \
    ELSE identities.identified_at END RETURNING account_uid";
const ADD: &str = "INSERT INTO identifications (id, account_uid, subject_hash, provider, level, \
    acr, identified_at, sealed, sealed_evidence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const TELL: &str = "UPDATE monitors SET identified_at = $2, level = $3 WHERE id = $1";
const REFUSE: &str = "UPDATE monitors SET outcome = $2 WHERE id = $1";
const LAST: &str = "SELECT identified_at, provider, level FROM identifications \
    WHERE account_uid = $1 ORDER BY identified_at DESC, id LIMIT 1";
const OF_ACCOUNT: &str = "SELECT id, sealed, acr, identified_at, provider, level \
    FROM identifications WHERE account_uid = $1 ORDER BY identified_at DESC, id LIMIT 200";
const ADD_READ: &str = "INSERT INTO identification_reads (id, account_uid, client_id, read_at) \
    VALUES ($1, $2, $3, $4)";
/// Of each client for itself: none can have it forgotten that another has asked.
const FORGET_READS: &str = "DELETE FROM identification_reads WHERE account_uid = $1 \
    AND client_id = $2 AND id NOT IN (SELECT id FROM identification_reads WHERE account_uid = $1 \
    AND client_id = $2 ORDER BY read_at DESC, id LIMIT $3)";
const READS: &str = "SELECT r.client_id, c.registration, r.read_at FROM identification_reads r \
    LEFT JOIN clients c ON c.client_id = r.client_id WHERE r.account_uid = $1 \
    ORDER BY r.read_at DESC, r.id";
const REMOVE: &str = "DELETE FROM identities WHERE account_uid = $1";
/// Time and level of a proof are told to the page that waited for it, too.
const REMOVE_TOLD: &str = "DELETE FROM monitors WHERE account_uid = $1 AND outcome IS NOT NULL";
const CONSENTING: &str = "SELECT account_uid FROM consents WHERE client_id = $1";
pub(super) const RESEAL_IDENTIFICATION: &str =
    "UPDATE identifications SET sealed = $2, sealed_evidence = $3 WHERE id = $1";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("take an identity away", TAKE_AWAY),
    ("tell a monitor", TELL),
    ("refuse a monitor", REFUSE),
    ("last identification", LAST),
    ("identifications of an account", OF_ACCOUNT),
    ("forget old reads", FORGET_READS),
    ("reads of an account", READS),
    ("remove identities", REMOVE),
    ("remove what pages were told", REMOVE_TOLD),
    ("accounts that consent to a client", CONSENTING),
    ("seal an identification anew", RESEAL_IDENTIFICATION),
];

/// For which row the evidence is sealed: it must not take the place of the identity.
fn evidence_of(id: &str) -> String {
    format!("{id} evidence")
}

/// A new proof as [`Sealed`] has it.
fn seals(new: &NewIdentification<'_>, sealing: &SealingKey) -> Result<Sealed> {
    let id = random::id();
    let identity = zeroize::Zeroizing::new(serde_json::to_vec(new.identity)?);
    let evidence = sealing.seal(&evidence_of(&id), new.evidence.as_bytes());
    let sealed = sealing.seal(&id, &identity);
    Ok((id, sealed, evidence))
}

/// Keeps a proof whose monitor was just ended, if the identity is this account's, or comes to it;
/// gives how it ended.
macro_rules! keep {
    ($tx:ident, $new:ident, $seals:ident, $now:ident) => {{
        let (id, sealed, evidence) = &$seals;
        if $new.moves {
            sqlx::query(TAKE_AWAY)
                .bind($new.subject.as_str())
                .bind($new.account_uid)
                .execute(&mut *$tx)
                .await?;
        }
        let (owner,): (String,) = sqlx::query_as(OWN)
            .bind($new.subject.as_str())
            .bind($new.account_uid)
            .bind($now)
            .fetch_one(&mut *$tx)
            .await?;
        if owner == $new.account_uid {
            sqlx::query(ADD)
                .bind(id)
                .bind($new.account_uid)
                .bind($new.subject.as_str())
                .bind($new.provider)
                .bind($new.level)
                .bind($new.acr)
                .bind($now)
                .bind(sealed)
                .bind(evidence)
                .execute(&mut *$tx)
                .await?;
            sqlx::query(TELL)
                .bind($new.monitor_id)
                .bind($now)
                .bind($new.level)
                .execute(&mut *$tx)
                .await?;
            Outcome::Succeeded
        } else {
            sqlx::query(REFUSE)
                .bind($new.monitor_id)
                .bind(Outcome::Conflict.as_str())
                .execute(&mut *$tx)
                .await?;
            Outcome::Conflict
        }
    }};
}

impl Store {
    /// Ends a monitor with a proof, and keeps it. `None`, and nothing is kept, when the monitor is
    /// over; [`Outcome::Conflict`] when the identity belongs to another account. A node that has an
    /// old key-encryption key writes nothing that the others could not open.
    pub async fn add_identification(
        &self,
        new: &NewIdentification<'_>,
        sealing: &SealingKey,
        now: i64,
    ) -> Result<Option<Outcome>> {
        let seals = seals(new, sealing)?;
        let done = in_transaction!(self, tx => {
            let witness: Option<(String,)> =
                sqlx::query_as(TAKE_TURN).bind(SEALED_WITH).fetch_optional(&mut *tx).await?;
            let is_ours = witness.is_some_and(|(seal,)| sealing.open(SEALED_WITH, &seal).is_some());
            let mut outcome = None;
            if is_ours {
                let ended = sqlx::query(FINISH).bind(new.monitor_id)
                    .bind(Outcome::Succeeded.as_str()).bind(now).execute(&mut *tx).await?;
                if ended.rows_affected() == 1 {
                    outcome = Some(keep!(tx, new, seals, now));
                }
            }
            is_ours.then_some(outcome)
        });
        done.ok_or_else(wrong_key)
    }

    /// When this person proved last who they are, for a client that may know: that it has asked is
    /// written down.
    pub async fn read_identification(
        &self,
        account_uid: &str,
        client_id: &str,
        now: i64,
    ) -> Result<Option<Stamp>> {
        let id = random::id();
        Ok(in_transaction!(self, tx => {
            sqlx::query(ADD_READ).bind(&id).bind(account_uid).bind(client_id).bind(now)
                .execute(&mut *tx).await?;
            sqlx::query(FORGET_READS).bind(account_uid).bind(client_id).bind(MOST_READS)
                .execute(&mut *tx).await?;
            sqlx::query_as(LAST).bind(account_uid).fetch_optional(&mut *tx).await?
        }))
    }

    /// The proofs of this person, the latest first.
    pub async fn identifications_of(
        &self,
        account_uid: &str,
        sealing: &SealingKey,
    ) -> Result<Vec<Identification>> {
        let rows: Vec<IdentificationRow> = on!(self, read, db => sqlx::query_as(OF_ACCOUNT)
            .bind(account_uid).fetch_all(db).await)?;
        let read = |row: IdentificationRow| {
            let opened = sealing.open(&row.id, &row.sealed).map(zeroize::Zeroizing::new);
            let identity = opened.and_then(|opened| serde_json::from_slice(&opened).ok());
            Identification { stamp: row.stamp, acr: row.acr, identity }
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// Which backends have asked, the latest first; of each the latest [`MOST_READS`].
    pub async fn identification_reads(&self, account_uid: &str) -> Result<Vec<Read>> {
        let rows: Vec<(String, Option<String>, i64)> = on!(self, read, db => sqlx::query_as(READS)
            .bind(account_uid).fetch_all(db).await)?;
        let read = |(client_id, registration, read_at): (String, Option<String>, i64)| {
            let registration = registration.map(|json| self.registrations.parse(json));
            let client_name = registration.transpose()?.map(|client| client.client_name.clone());
            Ok(Read { client_id, client_name, read_at })
        };
        rows.into_iter().map(read).collect()
    }

    /// Deletes all proofs of this person, with identity, evidence and time.
    pub async fn remove_identifications(&self, account_uid: &str) -> Result<()> {
        in_transaction!(self, tx => {
            for sql in [REMOVE, REMOVE_TOLD] {
                sqlx::query(sql).bind(account_uid).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Every account that has agreed to something of this client.
    pub async fn accounts_consenting_to(&self, client_id: &str) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = on!(self, read, db => sqlx::query_as(CONSENTING)
            .bind(client_id).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(uid,)| uid).collect())
    }

    /// Deletes up to `limit` identities that were proved last before `before`, and as many older
    /// proofs and questions.
    pub async fn purge_identifications(&self, before: i64, limit: i64) -> Result<u64> {
        const IDENTITIES: &str = "DELETE FROM identities WHERE subject_hash IN (SELECT \
            subject_hash FROM identities WHERE identified_at < $1 LIMIT $2) AND identified_at < $1";
        const PROOFS: &str = "DELETE FROM identifications WHERE id IN \
            (SELECT id FROM identifications WHERE identified_at < $1 LIMIT $2)";
        const READS: &str = "DELETE FROM identification_reads WHERE id IN \
            (SELECT id FROM identification_reads WHERE read_at < $1 LIMIT $2)";
        let mut deleted = 0;
        for sql in [IDENTITIES, PROOFS, READS] {
            deleted += on!(self, write, db => sqlx::query(sql).bind(before).bind(limit)
                .execute(db).await?.rows_affected());
        }
        Ok(deleted)
    }
}

/// A proof whose seals may have to be changed: id, identity, evidence.
pub(super) type Sealed = (String, String, String);

pub(super) const SEALED: &str = "SELECT id, sealed, sealed_evidence FROM identifications";

/// As [`super::secrets`] plans for other rows: the proofs that have to be sealed anew, with their new
/// seals; `None` if one cannot be opened.
pub(super) fn plan(rows: &[Sealed], old: &SealingKey, new: &SealingKey) -> Option<Vec<Sealed>> {
    let anew = |row: &str, sealed: &str| -> Option<Option<String>> {
        if new.open(row, sealed).is_some() {
            return Some(None);
        }
        let value = zeroize::Zeroizing::new(old.open(row, sealed)?);
        Some(Some(new.seal(row, &value)))
    };
    let mut plan = Vec::new();
    for (id, sealed, evidence) in rows {
        let (one, other) = (anew(id, sealed)?, anew(&evidence_of(id), evidence)?);
        if one.is_some() || other.is_some() {
            let sealed = one.unwrap_or_else(|| sealed.clone());
            plan.push((id.clone(), sealed, other.unwrap_or_else(|| evidence.clone())));
        }
    }
    Some(plan)
}
