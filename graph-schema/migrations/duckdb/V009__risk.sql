-- Propagations of risk. `place` runs from 0 in the order of writing; `risks` has the rows of the last ones. A row without a role is of an entity that takes nothing.

CREATE TABLE propagations (place INTEGER NOT NULL, id VARCHAR NOT NULL, finished_at VARCHAR NOT NULL, record VARCHAR NOT NULL);

CREATE TABLE risks (
  place INTEGER NOT NULL,
  kind UTINYINT NOT NULL,
  id VARCHAR NOT NULL,
  scenario UTINYINT NOT NULL,
  market VARCHAR NOT NULL,
  role VARCHAR,
  risk DOUBLE NOT NULL,
  given DOUBLE NOT NULL,
  absorbs BOOLEAN NOT NULL
);
