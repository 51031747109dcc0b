// Events in the life of a ring, and rings that are remembered while no run finds them: (:RingEvent)-[:HAPPENED_IN]->(:Run)
// and (:DormantRing)-[:REMEMBERED_IN]->(:Run). `lastRun` of a dormant ring names the run that has its members.

CREATE INDEX ringfence_ring_event IF NOT EXISTS FOR (e:RingEvent) ON (e.ring);
CREATE CONSTRAINT ringfence_dormant_ring IF NOT EXISTS FOR (d:DormantRing) REQUIRE (d.run, d.id) IS UNIQUE;
