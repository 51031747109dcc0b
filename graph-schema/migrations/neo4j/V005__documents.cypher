// Small records of the service, such as schedules: JSON with an id in a collection; a change names the version that it takes the place of.
CREATE CONSTRAINT ringfence_document IF NOT EXISTS FOR (d:RingfenceDocument) REQUIRE (d.collection, d.id) IS UNIQUE;
CREATE INDEX ringfence_document_order IF NOT EXISTS FOR (d:RingfenceDocument) ON (d.collection, d.sort);
