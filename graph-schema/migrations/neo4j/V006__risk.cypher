// Risk that reached entities: (:Creator)-[:RISK_IN {scenario, market, role, risk, given, absorbs}]->(:Propagation), one relationship a domain and one more
// for harm (role: victim). A :Propagation is whole; one that is being written is a :RingfenceUnfinishedPropagation.

CREATE CONSTRAINT ringfence_propagation IF NOT EXISTS FOR (p:Propagation) REQUIRE p.id IS UNIQUE;
CREATE INDEX ringfence_propagation_place IF NOT EXISTS FOR (p:Propagation) ON (p.place);
CREATE CONSTRAINT ringfence_unfinished_propagation IF NOT EXISTS FOR (p:RingfenceUnfinishedPropagation) REQUIRE p.id IS UNIQUE;
