-- Identification: proofs, by other OpenID providers, of who somebody legally is.

-- A page that waits for one. `token_hash` is the SHA-256 of what ties its window to it: of the
-- browser's cookie (`by_cookie` 1), or of the token in the window's address. `provider` is NULL as long
-- as the person is to choose. From the start on: `state_hash`, and `sealed`, what was asked of the
-- provider, under a key of the server's; `browser_hash` is the SHA-256 of the secret in the cookie of
-- the browser that was sent there; `returned_at` is when it came back with an answer, once. `outcome`
-- is NULL while it is pending; `identified_at` and `level` belong to a success.
CREATE TABLE monitors (
  id TEXT NOT NULL PRIMARY KEY,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  token_hash TEXT NOT NULL UNIQUE,
  secret_hash TEXT NOT NULL UNIQUE,
  by_cookie BIGINT NOT NULL,
  provider TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  started_at BIGINT,
  browser_hash TEXT,
  state_hash TEXT UNIQUE,
  sealed TEXT,
  returned_at BIGINT,
  outcome TEXT,
  finished_at BIGINT,
  identified_at BIGINT,
  level TEXT
);
CREATE INDEX monitors_by_account ON monitors (account_uid);
CREATE INDEX monitors_by_client ON monitors (client_id);
CREATE INDEX monitors_waiting ON monitors (account_uid, client_id) WHERE outcome IS NULL;
CREATE INDEX monitors_due ON monitors (expires_at) WHERE outcome IS NULL;
CREATE INDEX monitors_by_end ON monitors (finished_at) WHERE finished_at IS NOT NULL;

-- Which account an identity at a provider belongs to. `subject_hash` is the HMAC-SHA-256 of issuer and
-- `sub`; `identified_at` is when it was proved last.
CREATE TABLE identities (
  subject_hash TEXT NOT NULL PRIMARY KEY,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  identified_at BIGINT NOT NULL
);
CREATE INDEX identities_by_account ON identities (account_uid);
CREATE INDEX identities_by_time ON identities (identified_at);

-- The proofs. `sealed` is the JSON of domain::identification::Identity, `sealed_evidence` the id token,
-- both sealed with the key-encryption key.
CREATE TABLE identifications (
  id TEXT NOT NULL PRIMARY KEY,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  subject_hash TEXT NOT NULL REFERENCES identities (subject_hash) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  level TEXT NOT NULL,
  acr TEXT,
  identified_at BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  sealed_evidence TEXT NOT NULL
);
CREATE INDEX identifications_by_account ON identifications (account_uid, identified_at);
CREATE INDEX identifications_by_subject ON identifications (subject_hash);
CREATE INDEX identifications_by_time ON identifications (identified_at);

-- Which backends have asked whether, and when, somebody proved who they are.
CREATE TABLE identification_reads (
  id TEXT NOT NULL PRIMARY KEY,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  read_at BIGINT NOT NULL
);
CREATE INDEX identification_reads_by_account ON identification_reads (account_uid, read_at);
CREATE INDEX identification_reads_by_time ON identification_reads (read_at);
