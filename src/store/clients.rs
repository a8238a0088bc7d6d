//! Clients: the registrations of relying parties.

use sqlx::FromRow;

use super::registrations::Registrations;
use super::{Result, Store, in_transaction, on};
use crate::domain::client::{Client, Registration};

/// What bringing the declared clients into the database changed, by client id.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// New ones.
    pub added: Vec<String>,
    /// Those whose registration, secret or standing changed.
    pub changed: Vec<String>,
    /// Those that were declared before and no longer are.
    pub disabled: Vec<String>,
}

#[derive(FromRow)]
struct ClientRow {
    registration: String,
    secret_hash: Option<String>,
    old_secret_hash: Option<String>,
    declared: i64,
    created_at: i64,
    disabled_at: Option<i64>,
}

impl ClientRow {
    fn read(self, known: &Registrations) -> Result<Client> {
        Ok(Client {
            registration: known.parse(self.registration)?,
            secret_hashes: [self.secret_hash, self.old_secret_hash].into_iter().flatten().collect(),
            declared: self.declared != 0,
            created_at: self.created_at,
            disabled_at: self.disabled_at,
        })
    }
}

const BY_ID: &str = "SELECT registration, secret_hash, old_secret_hash, declared, created_at, \
    disabled_at FROM clients WHERE client_id = $1";
const ALL: &str = "SELECT registration, secret_hash, old_secret_hash, declared, created_at, \
    disabled_at FROM clients ORDER BY client_id";
const ADD: &str = "INSERT INTO clients (client_id, registration, secret_hash, declared, \
    created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING";

const BURN_PAYLOADS: &str = "UPDATE recovery_payloads SET used_at = $2 WHERE used_at IS NULL \
    AND client_id = $1";

/// Nothing of it comes back when the client is switched on again.
const FINISH_GRANTS: &str =
    "UPDATE grants SET finished_at = $2 WHERE finished_at IS NULL AND client_id = $1";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("client by id", BY_ID),
    ("burn payloads of a client", BURN_PAYLOADS),
    ("finish grants of a client", FINISH_GRANTS),
];

impl Store {
    /// The client with this id, disabled or not.
    pub async fn client(&self, client_id: &str) -> Result<Option<Client>> {
        let row: Option<ClientRow> =
            on!(self, read, db => sqlx::query_as(BY_ID).bind(client_id).fetch_optional(db).await)?;
        row.map(|row| row.read(&self.registrations)).transpose()
    }

    /// Every client, by id.
    pub async fn list_clients(&self) -> Result<Vec<Client>> {
        let rows: Vec<ClientRow> = on!(self, read, db => sqlx::query_as(ALL).fetch_all(db).await)?;
        rows.into_iter().map(|row| row.read(&self.registrations)).collect()
    }

    /// Adds a client by hand. False when the id is taken.
    pub async fn add_client(
        &self,
        registration: &Registration,
        secret_hash: Option<&str>,
        now: i64,
    ) -> Result<bool> {
        let json = serde_json::to_string(registration)?;
        let added = on!(self, write, db => sqlx::query(ADD).bind(&registration.client_id)
            .bind(&json).bind(secret_hash).bind(0_i64).bind(now).execute(db).await?.rows_affected());
        Ok(added == 1)
    }

    /// Gives a client a new secret; the present one stays valid beside it. False when there is no
    /// such client.
    pub async fn rotate_client_secret(&self, id: &str, hash: &str, now: i64) -> Result<bool> {
        const SQL: &str = "UPDATE clients SET old_secret_hash = secret_hash, secret_hash = $2, \
            updated_at = $3 WHERE client_id = $1";
        let found = on!(self, write, db => sqlx::query(SQL).bind(id).bind(hash).bind(now)
            .execute(db).await?.rows_affected());
        Ok(found == 1)
    }

    /// Ends the validity of the secret before the present one. False when there was none.
    pub async fn drop_old_client_secret(&self, id: &str, now: i64) -> Result<bool> {
        const SQL: &str = "UPDATE clients SET old_secret_hash = NULL, updated_at = $2 \
            WHERE client_id = $1 AND old_secret_hash IS NOT NULL";
        let found = on!(self, write, db => sqlx::query(SQL).bind(id).bind(now)
            .execute(db).await?.rows_affected());
        Ok(found == 1)
    }

    /// Switches a client off; its payloads and grants end. False when there is no such client.
    pub async fn disable_client(&self, id: &str, now: i64) -> Result<bool> {
        const SQL: &str = "UPDATE clients SET disabled_at = COALESCE(disabled_at, $2), \
            updated_at = $2 WHERE client_id = $1";
        Ok(in_transaction!(self, tx => {
            let found = sqlx::query(SQL).bind(id).bind(now)
                .execute(&mut *tx).await?.rows_affected() == 1;
            sqlx::query(BURN_PAYLOADS).bind(id).bind(now).execute(&mut *tx).await?;
            sqlx::query(FINISH_GRANTS).bind(id).bind(now).execute(&mut *tx).await?;
            found
        }))
    }

    /// Switches a client on again. False when there is no such client.
    pub async fn enable_client(&self, id: &str, now: i64) -> Result<bool> {
        const SQL: &str =
            "UPDATE clients SET disabled_at = NULL, updated_at = $2 WHERE client_id = $1";
        let found = on!(self, write, db => sqlx::query(SQL).bind(id).bind(now)
            .execute(db).await?.rows_affected());
        Ok(found == 1)
    }

    /// Removes a client with its consents, payloads and sids. False when there is none such.
    pub async fn remove_client(&self, id: &str) -> Result<bool> {
        const SQL: &str = "DELETE FROM clients WHERE client_id = $1";
        let removed = on!(self, write, db => sqlx::query(SQL).bind(id)
            .execute(db).await?.rows_affected());
        Ok(removed == 1)
    }

    /// Makes the database follow the configuration: what is declared wins, what was declared
    /// before and no longer is gets disabled, what was added by hand stays.
    pub async fn sync_declared_clients(
        &self,
        declared: &[(Registration, Option<String>)],
        now: i64,
    ) -> Result<Synced> {
        const CHANGE: &str = "UPDATE clients SET registration = $2, secret_hash = $3, \
            old_secret_hash = CASE WHEN secret_hash = $3 THEN old_secret_hash END, \
            declared = 1, disabled_at = NULL, updated_at = $4 WHERE client_id = $1";
        const DISABLE: &str = "UPDATE clients SET disabled_at = $2, updated_at = $2 \
            WHERE client_id = $1 AND disabled_at IS NULL";
        let plan = plan_sync(&self.list_clients().await?, declared);
        in_transaction!(self, tx => {
            for (registration, secret) in declared {
                let (id, json) = (&registration.client_id, serde_json::to_string(registration)?);
                if plan.added.contains(id) {
                    sqlx::query(ADD).bind(id).bind(&json).bind(secret).bind(1_i64).bind(now)
                        .execute(&mut *tx).await?;
                } else if plan.changed.contains(id) {
                    sqlx::query(CHANGE).bind(id).bind(&json).bind(secret).bind(now)
                        .execute(&mut *tx).await?;
                }
            }
            for id in &plan.disabled {
                sqlx::query(DISABLE).bind(id).bind(now).execute(&mut *tx).await?;
                sqlx::query(BURN_PAYLOADS).bind(id).bind(now).execute(&mut *tx).await?;
                sqlx::query(FINISH_GRANTS).bind(id).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(plan)
    }
}

fn plan_sync(present: &[Client], declared: &[(Registration, Option<String>)]) -> Synced {
    let mut plan = Synced::default();
    for (registration, secret) in declared {
        let id = &registration.client_id;
        match present.iter().find(|client| client.registration.client_id == *id) {
            None => plan.added.push(id.clone()),
            Some(client) => {
                let same = *client.registration == *registration
                    && client.secret_hashes.first() == secret.as_ref()
                    && client.declared
                    && client.disabled_at.is_none();
                if !same {
                    plan.changed.push(id.clone());
                }
            }
        }
    }
    let is_declared = |id: &str| declared.iter().any(|(r, _)| r.client_id == id);
    let orphans = present.iter().filter(|c| c.declared && c.disabled_at.is_none());
    let ids = orphans.map(|c| c.registration.client_id.clone());
    plan.disabled = ids.filter(|id| !is_declared(id)).collect();
    plan
}
