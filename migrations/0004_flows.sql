-- Flows: a sign-in in a window of its own, whose answer the page that waits for it collects here.

-- `id` is the SHA-256 of the waiting secret, which the waiting page has made and keeps. `request` is
-- the authorization request, form-encoded; `origin` that of the page. `browser_hash` is the SHA-256
-- of the secret in the cookie of the browser in which it was confirmed. `outcome` is NULL while it is
-- pending; `error` and `error_description` are what the client is told when it was refused. The code
-- of an answer is derived from `id`; `collected_at` is when the waiting page was first given it.
CREATE TABLE flows (
  id TEXT NOT NULL PRIMARY KEY,
  client_id TEXT NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
  origin TEXT NOT NULL,
  request TEXT NOT NULL,
  number BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  browser_hash TEXT,
  confirmed_at BIGINT,
  outcome TEXT,
  error TEXT,
  error_description TEXT,
  finished_at BIGINT,
  collected_at BIGINT
);
CREATE INDEX flows_by_client ON flows (client_id);
CREATE INDEX flows_due ON flows (expires_at) WHERE outcome IS NULL;
CREATE INDEX flows_by_end ON flows (finished_at) WHERE finished_at IS NOT NULL;
