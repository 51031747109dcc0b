-- Trained models, what was done to them, and what they said. A model's weights are in the folder that its record names.

CREATE TABLE models (
  id VARCHAR NOT NULL,
  type VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  trained_at VARCHAR NOT NULL,
  record VARCHAR NOT NULL
);

-- `place` runs from 0 in the order of changes.
CREATE TABLE model_changes (
  place INTEGER NOT NULL,
  model VARCHAR NOT NULL,
  "at" VARCHAR NOT NULL,
  who VARCHAR NOT NULL,
  why VARCHAR NOT NULL,
  action VARCHAR NOT NULL,
  from_state VARCHAR,
  to_state VARCHAR NOT NULL
);

-- `scoring` runs from 0 in the order of writing; `scores` has those of the last ones.
CREATE TABLE scorings (scoring INTEGER NOT NULL, id VARCHAR NOT NULL, finished_at VARCHAR NOT NULL, record VARCHAR NOT NULL);

CREATE TABLE scores (
  scoring INTEGER NOT NULL,
  kind UTINYINT NOT NULL,
  id VARCHAR NOT NULL,
  score DOUBLE NOT NULL,
  low DOUBLE,
  high DOUBLE,
  labels INTEGER
);
