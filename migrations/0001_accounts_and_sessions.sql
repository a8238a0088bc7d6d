-- One text for SQLite and PostgreSQL: TEXT and BIGINT only, instants in milliseconds since 1970.

CREATE TABLE accounts (
  uid TEXT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL,
  username_key TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  email_verified_at BIGINT,
  full_name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  password_changed_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  disabled_at BIGINT
);

-- Browsers in which a person has signed in before; several people may share one.
CREATE TABLE devices (
  id TEXT NOT NULL PRIMARY KEY,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  UNIQUE (secret_hash, account_uid)
);
CREATE INDEX devices_by_account ON devices (account_uid);
CREATE INDEX devices_by_use ON devices (last_used_at);

-- A finished session has its ends moved to that moment, so one index finds all that are over.
CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL UNIQUE,
  none_secret_hash TEXT UNIQUE,
  kept BIGINT NOT NULL,
  user_agent TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  auth_time BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  idle_expires_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX sessions_by_account ON sessions (account_uid);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- `registration` is the JSON of domain::client::Registration.
CREATE TABLE clients (
  client_id TEXT NOT NULL PRIMARY KEY,
  registration TEXT NOT NULL,
  secret_hash TEXT,
  old_secret_hash TEXT,
  declared BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  disabled_at BIGINT
);

CREATE TABLE consents (
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (account_uid, client_id)
);
CREATE INDEX consents_by_client ON consents (client_id);

-- What one client has of a session: its own handle, the sid.
CREATE TABLE client_sessions (
  sid TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE UNIQUE INDEX client_sessions_alive ON client_sessions (session_id, client_id)
  WHERE finished_at IS NULL;
CREATE INDEX client_sessions_by_session ON client_sessions (session_id);
CREATE INDEX client_sessions_by_client ON client_sessions (client_id);

CREATE TABLE recovery_payloads (
  hash TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  nonce_hash TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  sid TEXT
);
CREATE INDEX recovery_payloads_by_session ON recovery_payloads (session_id);
CREATE INDEX recovery_payloads_by_client ON recovery_payloads (client_id);
CREATE INDEX recovery_payloads_by_end ON recovery_payloads (expires_at);

-- Secrets of the whole installation, sealed with the key-encryption key.
CREATE TABLE server_secrets (
  name TEXT NOT NULL PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
