-- What each detector found last, so that a run on the same graph with the same parameters need not look again: one row a detector.
-- `key` is a digest of all that the result follows from; `content` is for the software that wrote it alone.
CREATE TABLE findings (detector VARCHAR NOT NULL, key VARCHAR NOT NULL, run VARCHAR NOT NULL, content VARCHAR NOT NULL);
