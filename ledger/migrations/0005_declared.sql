-- What residents said of heating and setpoints, as it stands in the evidence log: its place there is its key.
CREATE TABLE events (
	leaf      BIGINT NOT NULL,
	line      BIGINT NOT NULL,
	kind      TEXT NOT NULL,              -- heating or setpoint
	household TEXT NOT NULL,
	room      TEXT NOT NULL,              -- of a setpoint; empty: all rooms
	at_ns     BIGINT NOT NULL,
	received  BIGINT NOT NULL,
	switch_on BIGINT NOT NULL,            -- of heating: 1 on, 0 off
	celsius   DOUBLE PRECISION NOT NULL,  -- of a setpoint
	source    TEXT NOT NULL,
	consent   TEXT NOT NULL,
	PRIMARY KEY (leaf, line)
);

CREATE INDEX events_of ON events (household, at_ns);

-- What people declared of a household: stoppages, exemptions, tests and confirmations, each as JSON. A row holds until another
-- of the same kind and id supersedes it.
CREATE TABLE declarations (
	row_id        SERIAL,
	household     TEXT NOT NULL,
	kind          TEXT NOT NULL,
	id            TEXT NOT NULL,
	body          TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX declarations_now ON declarations (household, kind, id) WHERE superseded_at IS NULL;

-- Published daily means of a station; one that was corrected is superseded.
CREATE TABLE official_days (
	row_id        SERIAL,
	station       TEXT NOT NULL,
	day           BIGINT NOT NULL,        -- days since 1970-01-01
	celsius       DOUBLE PRECISION NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX official_days_now ON official_days (station, day) WHERE superseded_at IS NULL;
