-- What people open, act on and close, beside tickets: stoppages, exemptions, tests, confirmations, disputes, samplings.
CREATE TABLE matters (
	kind       TEXT NOT NULL,
	id         TEXT NOT NULL,
	place      TEXT NOT NULL,             -- household, riser, building, substation, everywhere
	place_id   TEXT NOT NULL,
	state      TEXT NOT NULL,
	version    BIGINT NOT NULL,           -- the number of its events
	opened_at  BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	body       TEXT NOT NULL,             -- JSON: what is now known of it
	PRIMARY KEY (kind, id)
);

CREATE INDEX matters_opened ON matters (kind, opened_at, id);

CREATE INDEX matters_state ON matters (kind, state, opened_at, id);

CREATE INDEX matters_place ON matters (place, place_id, kind, opened_at, id);

CREATE TABLE matter_events (
	kind    TEXT NOT NULL,
	matter  TEXT NOT NULL,
	seq     BIGINT NOT NULL,
	event   TEXT NOT NULL,
	at_ns   BIGINT NOT NULL,
	role    TEXT NOT NULL,
	actor   TEXT NOT NULL,
	text    TEXT NOT NULL,
	from_st TEXT NOT NULL,
	to_st   TEXT NOT NULL,
	detail  TEXT NOT NULL,                -- JSON, or empty
	PRIMARY KEY (kind, matter, seq),
	FOREIGN KEY (kind, matter) REFERENCES matters (kind, id)
);

-- sqlite: CREATE TRIGGER matter_events_kept BEFORE UPDATE ON matter_events
BEGIN SELECT RAISE(ABORT, 'a row of matter_events is never changed or deleted'); END;

-- postgres: CREATE TRIGGER matter_events_kept BEFORE UPDATE ON matter_events
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER matter_events_stay BEFORE DELETE ON matter_events
BEGIN SELECT RAISE(ABORT, 'a row of matter_events is never changed or deleted'); END;

-- postgres: CREATE TRIGGER matter_events_stay BEFORE DELETE ON matter_events
FOR EACH ROW EXECUTE FUNCTION ledger_kept();
