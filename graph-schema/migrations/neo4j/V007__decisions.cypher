// What people decide: labels, and the audit log, each entry chained to the one before by its hash. (:RingfenceAuditHead) tells how far the log goes, and
// is what a decision locks first.
CREATE CONSTRAINT ringfence_label IF NOT EXISTS FOR (l:RingfenceLabel) REQUIRE l.id IS UNIQUE;
CREATE CONSTRAINT ringfence_label_place IF NOT EXISTS FOR (l:RingfenceLabel) REQUIRE l.place IS UNIQUE;
CREATE INDEX ringfence_label_subject IF NOT EXISTS FOR (l:RingfenceLabel) ON (l.subject);
CREATE INDEX ringfence_label_batch IF NOT EXISTS FOR (l:RingfenceLabel) ON (l.batch);
CREATE CONSTRAINT ringfence_audit_entry IF NOT EXISTS FOR (e:RingfenceAuditEntry) REQUIRE e.place IS UNIQUE;
CREATE INDEX ringfence_audit_subject IF NOT EXISTS FOR (e:RingfenceAuditEntry) ON (e.subject);
CREATE CONSTRAINT ringfence_audit_head IF NOT EXISTS FOR (h:RingfenceAuditHead) REQUIRE h.name IS UNIQUE;
