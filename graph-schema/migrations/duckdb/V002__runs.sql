-- Runs and their rings: written once, whole, never changed. Columns that only the service reads are JSON text.

CREATE TABLE runs (
  id VARCHAR NOT NULL,
  started_at VARCHAR NOT NULL,
  finished_at VARCHAR NOT NULL,
  as_of BIGINT,
  record VARCHAR NOT NULL
);

CREATE TABLE rings (
  run VARCHAR NOT NULL,
  ring VARCHAR NOT NULL,
  score DOUBLE NOT NULL,
  fdr DOUBLE NOT NULL,
  window_from BIGINT,
  window_to BIGINT,
  details VARCHAR NOT NULL
);

CREATE TABLE members (
  run VARCHAR NOT NULL,
  ring VARCHAR NOT NULL,
  kind UTINYINT NOT NULL,
  id VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  score DOUBLE NOT NULL
);

CREATE TABLE facts (
  run VARCHAR NOT NULL,
  ring VARCHAR NOT NULL,
  fact INTEGER NOT NULL,
  code VARCHAR NOT NULL,
  sentence VARCHAR NOT NULL,
  observed DOUBLE NOT NULL,
  expected DOUBLE NOT NULL,
  unit VARCHAR NOT NULL,
  interaction_count INTEGER NOT NULL
);

CREATE TABLE fact_interactions (
  run VARCHAR NOT NULL,
  ring VARCHAR NOT NULL,
  fact INTEGER NOT NULL,
  place INTEGER NOT NULL,
  type UTINYINT NOT NULL,
  id VARCHAR NOT NULL
);
