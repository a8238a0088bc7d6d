-- The OpenID provider: signing keys, what a session lets a client have, and who is to be told of
-- its end.

-- `sealed` is the private key (PKCS #8, RSA: PKCS #1) sealed with the key-encryption key for the
-- row `kid`; `public_key` its JWK (RFC 7517). A key signs from `signs_from` until a younger one of
-- its algorithm does.
CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  alg TEXT NOT NULL,
  public_key TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL
);

-- What one authorization let a client have. It ends as a whole. `scope` and `audience` are what was
-- authorised, names separated by spaces; a client that acts for itself has no account and no session.
CREATE TABLE grants (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  account_uid TEXT REFERENCES accounts (uid) ON DELETE CASCADE,
  session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
  scope TEXT NOT NULL,
  audience TEXT NOT NULL,
  nonce TEXT,
  auth_time BIGINT,
  redirect_uri TEXT,
  code_challenge TEXT,
  code_hash TEXT UNIQUE,
  code_expires_at BIGINT,
  code_used_at BIGINT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX grants_by_session ON grants (session_id);
CREATE INDEX grants_by_account ON grants (account_uid, client_id);
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX grants_by_end ON grants (expires_at);

-- `parent_hash` is the token that this one was narrowed from, `depth` how many stand above it.
CREATE TABLE access_tokens (
  hash TEXT NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  parent_hash TEXT REFERENCES access_tokens (hash) ON DELETE CASCADE,
  depth BIGINT NOT NULL,
  scope TEXT NOT NULL,
  audience TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT
);
CREATE INDEX access_tokens_by_grant ON access_tokens (grant_id);
CREATE INDEX access_tokens_by_parent ON access_tokens (parent_hash) WHERE parent_hash IS NOT NULL;
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);

-- `successor` is the next token of the family, sealed under a key made of this one, so that an
-- answer that was lost can be given again and a stolen database yields nothing.
CREATE TABLE refresh_tokens (
  hash TEXT NOT NULL PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  successor_hash TEXT,
  successor TEXT
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);

-- Ends of which the clients have not been told yet: `announced_at` says that the rows below have it.
ALTER TABLE sessions ADD COLUMN announced_at BIGINT;
ALTER TABLE client_sessions ADD COLUMN announced_at BIGINT;
UPDATE sessions SET announced_at = finished_at WHERE finished_at IS NOT NULL;
UPDATE client_sessions SET announced_at = finished_at WHERE finished_at IS NOT NULL;
CREATE INDEX sessions_to_announce ON sessions (finished_at)
  WHERE finished_at IS NOT NULL AND announced_at IS NULL;
CREATE INDEX client_sessions_to_announce ON client_sessions (finished_at)
  WHERE finished_at IS NOT NULL AND announced_at IS NULL;

-- Logout tokens to be delivered (OpenID Connect Back-Channel Logout 1.0), and what came of it.
CREATE TABLE logout_deliveries (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  account_uid TEXT NOT NULL REFERENCES accounts (uid) ON DELETE CASCADE,
  sid TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  tries BIGINT NOT NULL,
  next_try_at BIGINT,
  delivered_at BIGINT,
  given_up_at BIGINT,
  last_outcome TEXT
);
CREATE INDEX logout_deliveries_due ON logout_deliveries (next_try_at) WHERE next_try_at IS NOT NULL;
CREATE INDEX logout_deliveries_by_client ON logout_deliveries (client_id);
CREATE INDEX logout_deliveries_by_account ON logout_deliveries (account_uid);
CREATE INDEX logout_deliveries_by_age ON logout_deliveries (created_at);
