CREATE TABLE tickets (
	id              TEXT PRIMARY KEY,
	household       TEXT NOT NULL,
	kind            TEXT NOT NULL,
	text            TEXT NOT NULL,
	state           TEXT NOT NULL,
	emergency       BIGINT NOT NULL,
	reported_at     BIGINT NOT NULL,
	closed_at       BIGINT NOT NULL,      -- 0: open
	reply_due       BIGINT NOT NULL,      -- 0: not owed
	reply_met       BIGINT NOT NULL,      -- 0: not answered
	reply_recorded  BIGINT NOT NULL,      -- 1: its breach is in the timeline
	update_due      BIGINT NOT NULL,
	update_met      BIGINT NOT NULL,
	update_recorded BIGINT NOT NULL,
	next_due        BIGINT,               -- of the next breach to record; NULL: none
	breach_at       BIGINT,               -- breached at every instant after it; NULL: never
	version         BIGINT NOT NULL
);

CREATE INDEX tickets_due ON tickets (next_due) WHERE next_due IS NOT NULL;

CREATE INDEX tickets_reported ON tickets (reported_at, id);

CREATE INDEX tickets_state ON tickets (state, reported_at, id);

CREATE INDEX tickets_household ON tickets (household, reported_at, id);

CREATE INDEX tickets_breached ON tickets (reported_at, id, breach_at) WHERE breach_at IS NOT NULL;

CREATE TABLE ticket_events (
	ticket   TEXT NOT NULL REFERENCES tickets (id),
	seq      BIGINT NOT NULL,
	event    TEXT NOT NULL,
	at_ns    BIGINT NOT NULL,
	recorded BIGINT NOT NULL,
	role     TEXT NOT NULL,
	actor    TEXT NOT NULL,
	text     TEXT NOT NULL,
	from_st  TEXT NOT NULL,
	to_st    TEXT NOT NULL,
	PRIMARY KEY (ticket, seq)
);

-- What the evidence log is still to get, or got. tried is the log's size before the first attempt: were the process killed between
-- the log's commit and ours, the entry would be found from there on.
CREATE TABLE outbox (
	id         SERIAL,
	key        TEXT NOT NULL UNIQUE,
	subject    TEXT NOT NULL,
	content    BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	tried      BIGINT,
	leaf       BIGINT
);

CREATE INDEX outbox_waiting ON outbox (id) WHERE leaf IS NULL;
