// Jobs start in the order of due time, priority, id; who runs one and until when is in its record. Lines of logs are (:RingfenceJobLog).

CREATE INDEX ringfence_job_state IF NOT EXISTS FOR (j:RingfenceJob) ON (j.state, j.dueAt);
CREATE CONSTRAINT ringfence_job_log IF NOT EXISTS FOR (l:RingfenceJobLog) REQUIRE (l.job, l.place) IS UNIQUE;
