// Trained models, what was done to them, and what they said: (:ModelChange)-[:CHANGED]->(:Model) and
// (:Creator)-[:SCORED_IN {score, low, high, labels}]->(:Scoring)-[:SCORED_BY]->(:Model). A :Scoring is whole; one that is being written is a
// :RingfenceUnfinishedScoring. (:RingfenceModelType) is what a change of champion locks.

CREATE CONSTRAINT ringfence_model IF NOT EXISTS FOR (m:Model) REQUIRE m.id IS UNIQUE;
CREATE CONSTRAINT ringfence_model_type IF NOT EXISTS FOR (t:RingfenceModelType) REQUIRE t.name IS UNIQUE;
CREATE CONSTRAINT ringfence_scoring IF NOT EXISTS FOR (s:Scoring) REQUIRE s.id IS UNIQUE;
CREATE INDEX ringfence_scoring_place IF NOT EXISTS FOR (s:Scoring) ON (s.place);
CREATE CONSTRAINT ringfence_unfinished_scoring IF NOT EXISTS FOR (s:RingfenceUnfinishedScoring) REQUIRE s.id IS UNIQUE;
