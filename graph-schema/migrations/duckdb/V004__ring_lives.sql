-- What lives on from run to run: facts that can be counted again, events in the life of a ring, rings that are remembered while no run
-- finds them. Times of events are their run's.

-- The rule by which `observed` is counted from the fact's interactions, as JSON; null in runs before this migration.
ALTER TABLE facts ADD COLUMN rule VARCHAR;
-- Of the interaction's content when the run was written.
ALTER TABLE fact_interactions ADD COLUMN digest VARCHAR;

CREATE TABLE ring_events (
  run VARCHAR NOT NULL,
  ring VARCHAR NOT NULL,
  place INTEGER NOT NULL,
  event VARCHAR NOT NULL,
  overlap DOUBLE,
  accounts INTEGER NOT NULL,
  other VARCHAR
);

-- `last_run` has the members; `absent` counts runs that looked for the ring since and did not find it.
CREATE TABLE dormant_rings (run VARCHAR NOT NULL, ring VARCHAR NOT NULL, last_run VARCHAR NOT NULL, absent INTEGER NOT NULL);
