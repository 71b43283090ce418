-- Several servers may judge. Who takes households writes its claim beside their marks; one that is not renewed lapses, and the households
-- are free again. Whoever lost a claim cannot write what it found.
ALTER TABLE dirty ADD COLUMN claim BIGINT NOT NULL DEFAULT 0;

-- postgres: CREATE TABLE claims (
	id    BIGINT PRIMARY KEY,
	until TIMESTAMPTZ NOT NULL             -- by the database's clock, which all servers share
);

-- When a household is judged again although no fact comes, for all servers; and the version of the mark that it was judged for last.
ALTER TABLE judged ADD COLUMN due_ns BIGINT NOT NULL DEFAULT 0;

ALTER TABLE judged ADD COLUMN mark BIGINT NOT NULL DEFAULT 0;
