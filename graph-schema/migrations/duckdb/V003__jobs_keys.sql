-- Jobs and API keys: small tables, rows are replaced.

CREATE TABLE jobs (id VARCHAR NOT NULL, key VARCHAR, created_at VARCHAR NOT NULL, state VARCHAR NOT NULL, record VARCHAR NOT NULL);

-- Only the SHA-256 of a key is kept.
CREATE TABLE api_keys (
  id VARCHAR NOT NULL,
  hash VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  created_at VARCHAR NOT NULL,
  revoked_at VARCHAR
);
