-- What people decide: labels, and the audit log, each entry chained to the one before by its hash. Both only grow; the head tells how far the log goes.
CREATE TABLE labels (place INTEGER NOT NULL, id VARCHAR NOT NULL, subject VARCHAR NOT NULL, owner VARCHAR NOT NULL, batch VARCHAR, record VARCHAR NOT NULL);
CREATE TABLE audit_log (place INTEGER NOT NULL, hash VARCHAR NOT NULL, made_at VARCHAR NOT NULL, who VARCHAR NOT NULL, action VARCHAR NOT NULL, subject VARCHAR NOT NULL, entry VARCHAR NOT NULL);
CREATE TABLE audit_head (place INTEGER NOT NULL, hash VARCHAR NOT NULL);
