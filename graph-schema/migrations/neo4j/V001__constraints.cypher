// What the service keeps beside entities and interactions: runs with their rings, jobs, API keys, its own bookkeeping.
// The uniqueness constraints of entities and interactions follow from graph-schema/schema.ts and need no migration.
// A file holds statements on the schema, each of which may run twice, or statements on data, never both.

CREATE CONSTRAINT ringfence_migration IF NOT EXISTS FOR (m:RingfenceMigration) REQUIRE m.version IS UNIQUE;
CREATE CONSTRAINT ringfence_sequence IF NOT EXISTS FOR (s:RingfenceSequence) REQUIRE s.name IS UNIQUE;

CREATE CONSTRAINT ringfence_run IF NOT EXISTS FOR (r:Run) REQUIRE r.id IS UNIQUE;
CREATE INDEX ringfence_run_finished IF NOT EXISTS FOR (r:Run) ON (r.finishedAt);
// A ring keeps its id from run to run.
CREATE CONSTRAINT ringfence_ring IF NOT EXISTS FOR (r:Ring) REQUIRE (r.run, r.id) IS UNIQUE;

CREATE CONSTRAINT ringfence_job IF NOT EXISTS FOR (j:RingfenceJob) REQUIRE j.id IS UNIQUE;
CREATE CONSTRAINT ringfence_job_key IF NOT EXISTS FOR (j:RingfenceJob) REQUIRE j.key IS UNIQUE;
CREATE CONSTRAINT ringfence_api_key IF NOT EXISTS FOR (k:RingfenceApiKey) REQUIRE k.id IS UNIQUE;
