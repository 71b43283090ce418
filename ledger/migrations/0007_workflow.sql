-- What is known of a ticket beside its report, and when the monitor draws attention to its clocks (A6.6). owed is the due instant of the clock
-- that runs out first of those unanswered, the greatest integer for none; alert_at is NULL when the monitor need not look.;

ALTER TABLE tickets ADD COLUMN phone TEXT NOT NULL DEFAULT '';

ALTER TABLE tickets ADD COLUMN assignee TEXT NOT NULL DEFAULT '';

ALTER TABLE tickets ADD COLUMN visit_from BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN visit_until BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN incident TEXT NOT NULL DEFAULT '';

ALTER TABLE tickets ADD COLUMN attachments BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN target_due BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN target_met BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN target_recorded BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN target_alert BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN target_alerts BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN reply_alert BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN reply_alerts BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN update_alert BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN update_alerts BIGINT NOT NULL DEFAULT 0;

ALTER TABLE tickets ADD COLUMN alert_at BIGINT;

ALTER TABLE tickets ADD COLUMN owed BIGINT NOT NULL DEFAULT 9223372036854775807;

ALTER TABLE ticket_events ADD COLUMN facts TEXT NOT NULL DEFAULT '';

CREATE INDEX tickets_alert ON tickets (alert_at) WHERE alert_at IS NOT NULL;

CREATE INDEX tickets_queue ON tickets (emergency, owed, reported_at, id) WHERE state = 'open';

CREATE INDEX tickets_open_home ON tickets (household, owed, reported_at, id) WHERE state = 'open';

CREATE INDEX tickets_breach_at ON tickets (breach_at) WHERE breach_at IS NOT NULL;

CREATE INDEX tickets_phone ON tickets (phone) WHERE phone <> '';

CREATE INDEX tickets_incident ON tickets (incident, reported_at, id) WHERE incident <> '';

CREATE INDEX tickets_visit ON tickets (visit_until, id) WHERE state = 'open' AND visit_until > 0;

-- One finding of a household is open at a time, whichever process opens it.
CREATE UNIQUE INDEX tickets_finding ON tickets (household) WHERE kind = 'finding' AND state = 'open';

-- A file of a ticket. Its bytes lie in the data folder under their digest.
CREATE TABLE attachments (
	ticket   TEXT NOT NULL REFERENCES tickets (id),
	digest   TEXT NOT NULL,
	type     TEXT NOT NULL,
	size     BIGINT NOT NULL,
	name     TEXT NOT NULL,
	added_at BIGINT NOT NULL,
	PRIMARY KEY (ticket, digest)
);

CREATE INDEX attachments_digest ON attachments (digest);

-- Households that asked to be seen to first. reason is a category and never a diagnosis.
CREATE TABLE vulnerable (
	id         TEXT PRIMARY KEY,
	household  TEXT NOT NULL,
	reason     TEXT NOT NULL,
	from_ns    BIGINT NOT NULL,
	until_ns   BIGINT NOT NULL,           -- not included
	role       TEXT NOT NULL,
	actor      TEXT NOT NULL,
	recorded   BIGINT NOT NULL,
	CHECK (from_ns <= until_ns)
);

CREATE INDEX vulnerable_household ON vulnerable (household, until_ns);

CREATE INDEX vulnerable_until ON vulnerable (until_ns, household);

CREATE TABLE incidents (
	id        TEXT PRIMARY KEY,
	place     TEXT NOT NULL,              -- riser, building, substation
	place_id  TEXT NOT NULL,
	text      TEXT NOT NULL,
	state     TEXT NOT NULL,
	opened_at BIGINT NOT NULL,
	closed_at BIGINT NOT NULL,            -- 0: open
	role      TEXT NOT NULL,
	actor     TEXT NOT NULL,
	version   BIGINT NOT NULL
);

-- One incident of a place is open at a time.
CREATE UNIQUE INDEX incidents_open ON incidents (place, place_id) WHERE state = 'open';

CREATE INDEX incidents_opened ON incidents (opened_at, id);

CREATE TABLE incident_events (
	incident TEXT NOT NULL REFERENCES incidents (id),
	seq      BIGINT NOT NULL,
	event    TEXT NOT NULL,
	at_ns    BIGINT NOT NULL,
	role     TEXT NOT NULL,
	actor    TEXT NOT NULL,
	text     TEXT NOT NULL,
	PRIMARY KEY (incident, seq)
);

-- sqlite: CREATE TRIGGER incident_events_kept BEFORE UPDATE ON incident_events
BEGIN SELECT RAISE(ABORT, 'a row of incident_events is never changed or deleted'); END;

-- postgres: CREATE TRIGGER incident_events_kept BEFORE UPDATE ON incident_events
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER incident_events_stay BEFORE DELETE ON incident_events
BEGIN SELECT RAISE(ABORT, 'a row of incident_events is never changed or deleted'); END;

-- postgres: CREATE TRIGGER incident_events_stay BEFORE DELETE ON incident_events
FOR EACH ROW EXECUTE FUNCTION ledger_kept();
