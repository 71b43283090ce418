-- Of a token only its hash is kept.
CREATE TABLE tokens (
	id         TEXT PRIMARY KEY,
	hash       BYTEA NOT NULL,
	role       TEXT NOT NULL,
	name       TEXT NOT NULL,
	scope      TEXT NOT NULL,             -- JSON
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT
);

-- A line that was accepted and is set aside: its place in the evidence log is its key.
CREATE TABLE quarantine (
	leaf         BIGINT NOT NULL,
	line         BIGINT NOT NULL,
	reason       TEXT NOT NULL,
	owner        TEXT NOT NULL,           -- device, station or household, as sent
	household    TEXT NOT NULL,           -- empty: not known
	raw          BYTEA NOT NULL,
	device_time  BIGINT NOT NULL,
	received     BIGINT NOT NULL,
	released_at  BIGINT,
	released_why TEXT,
	PRIMARY KEY (leaf, line)
);

CREATE INDEX quarantine_held ON quarantine (reason, leaf, line) WHERE released_at IS NULL;

CREATE INDEX quarantine_owner ON quarantine (owner, leaf, line);

-- What must be judged again, and from when; from_ns is the greatest integer when nothing must. The version counts marks, and never
-- goes back, so that a mark made while the household is being judged is not taken for the one that was.
CREATE TABLE dirty (
	household TEXT PRIMARY KEY,
	from_ns   BIGINT NOT NULL,
	version   BIGINT NOT NULL,
	marked_at BIGINT NOT NULL
);

CREATE INDEX dirty_now ON dirty (marked_at, household) WHERE from_ns < 9223372036854775807;

CREATE TABLE watermarks (
	name       TEXT PRIMARY KEY,
	value      BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);

-- What was said for a household, by its place in the log: its demand for heat (kind 4) or a setpoint (kind 6; package ingest).
CREATE TABLE events (
	leaf      BIGINT NOT NULL,
	line      BIGINT NOT NULL,
	kind      BIGINT NOT NULL,
	household TEXT NOT NULL,
	room      TEXT NOT NULL,
	at_ns     BIGINT NOT NULL,
	received  BIGINT NOT NULL,
	is_on     BIGINT NOT NULL,
	celsius   DOUBLE PRECISION NOT NULL,
	source    TEXT NOT NULL,
	consent   TEXT NOT NULL,
	PRIMARY KEY (leaf, line)
);

CREATE INDEX events_household ON events (household, at_ns);
