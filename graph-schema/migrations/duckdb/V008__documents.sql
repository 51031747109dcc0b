-- Small records of the service, such as schedules: JSON with an id in a collection; a change names the version that it takes the place of.
CREATE TABLE documents (collection VARCHAR NOT NULL, id VARCHAR NOT NULL, version INTEGER NOT NULL, sort VARCHAR NOT NULL, record VARCHAR NOT NULL);
