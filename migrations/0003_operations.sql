-- Operations: what a relying party wants a person to confirm.

-- `account_uid` is NULL where nobody can be asked; such an operation is like one that nobody answers.
-- `lines` is the JSON of domain::operation::Line. `outcome` is NULL while it is pending.
-- Of the waiting page: which one it is (`page_instance`), its present socket (`registration`), the
-- browser's mark (`device_hash`), and since when it has gone to be loaded again (`left_at`).
-- `auth_time`, `number_matched` and `completed_at` belong to a confirmation.
CREATE TABLE operations (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  account_uid TEXT REFERENCES accounts (uid) ON DELETE SET NULL,
  wait_secret_hash TEXT NOT NULL UNIQUE,
  idempotency_key TEXT,
  request_hash TEXT NOT NULL,
  title TEXT NOT NULL,
  lines TEXT NOT NULL,
  number BIGINT NOT NULL,
  failed_sign_ins BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  page_instance TEXT,
  registration TEXT,
  device_hash TEXT,
  left_at BIGINT,
  outcome TEXT,
  finished_at BIGINT,
  auth_time BIGINT,
  number_matched BIGINT,
  completed_at BIGINT
);
CREATE UNIQUE INDEX operations_by_key ON operations (client_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX operations_by_client ON operations (client_id);
CREATE INDEX operations_by_account ON operations (account_uid);
CREATE INDEX operations_waiting ON operations (account_uid) WHERE outcome IS NULL;
CREATE INDEX operations_due ON operations (expires_at) WHERE outcome IS NULL;
CREATE INDEX operations_left ON operations (left_at) WHERE outcome IS NULL AND left_at IS NOT NULL;
CREATE INDEX operations_by_end ON operations (finished_at) WHERE finished_at IS NOT NULL;
