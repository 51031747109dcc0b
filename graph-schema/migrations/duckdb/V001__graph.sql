-- Entities and interactions. The big tables are append-only and have no indexes: the writer stages a batch, joins it against
-- `key` (a 64-bit hash, always verified by the id itself) and appends what is new.

-- Names of the codes of graph-schema/schema.ts; filled from it after the migrations.
CREATE TABLE entity_kinds (code UTINYINT NOT NULL, name VARCHAR NOT NULL);
CREATE TABLE interaction_types (code UTINYINT NOT NULL, name VARCHAR NOT NULL);
CREATE TABLE scenarios (code UTINYINT NOT NULL, name VARCHAR NOT NULL);

-- What the store knows about itself: `hash-probe` tells whether this engine still hashes as the one that wrote the keys.
CREATE TABLE settings (name VARCHAR NOT NULL, value VARCHAR NOT NULL);

-- Code 0 is the unknown market.
CREATE TABLE markets (market USMALLINT NOT NULL, name VARCHAR NOT NULL);
INSERT INTO markets VALUES (0, '');

-- `entity` numbers run from 0 without gaps. `key` is the hash of (kind, id).
CREATE TABLE entities (entity INTEGER NOT NULL, kind UTINYINT NOT NULL, id VARCHAR NOT NULL, key UBIGINT NOT NULL);

-- What was recorded about entities themselves. Of several rows of one entity the one with the greatest (at, market,
-- attributes), unknown first, is valid. Times are epoch milliseconds.
CREATE TABLE entity_records (entity INTEGER NOT NULL, "at" BIGINT, market VARCHAR, attributes VARCHAR);

-- `key` is the hash of (type, id). `at` is epoch milliseconds, null where unknown.
CREATE TABLE interactions (
  type UTINYINT NOT NULL,
  id VARCHAR NOT NULL,
  key UBIGINT NOT NULL,
  actor INTEGER NOT NULL,
  target INTEGER NOT NULL,
  "at" BIGINT,
  market USMALLINT NOT NULL,
  scenario UTINYINT NOT NULL,
  weight DOUBLE NOT NULL,
  attributes VARCHAR
);

-- For people with a SQL prompt.
CREATE VIEW readable_interactions AS
SELECT
  t.name AS type,
  i.id,
  ak.name || ':' || a.id AS actor,
  tk.name || ':' || b.id AS target,
  make_timestamp(i."at" * 1000) AS "at",
  nullif(m.name, '') AS market,
  s.name AS scenario,
  i.weight,
  i.attributes
FROM interactions i
JOIN interaction_types t ON t.code = i.type
JOIN entities a ON a.entity = i.actor
JOIN entity_kinds ak ON ak.code = a.kind
JOIN entities b ON b.entity = i.target
JOIN entity_kinds tk ON tk.code = b.kind
JOIN markets m ON m.market = i.market
JOIN scenarios s ON s.code = i.scenario;
