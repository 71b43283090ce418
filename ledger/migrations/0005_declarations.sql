-- What people declared and the judge takes as facts: stoppages, exemptions, tests, confirmations. A row changes once, when another
-- of its kind and id supersedes it.
CREATE TABLE declarations (
	row_id        SERIAL,
	kind          TEXT NOT NULL,
	id            TEXT NOT NULL,
	place         TEXT NOT NULL,          -- household, riser, building, substation, everywhere
	place_id      TEXT NOT NULL,
	from_ns       BIGINT NOT NULL,        -- from when on it can change verdicts
	body          TEXT NOT NULL,          -- JSON
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX declarations_now ON declarations (kind, id) WHERE superseded_at IS NULL;

CREATE INDEX declarations_place ON declarations (place, place_id) WHERE superseded_at IS NULL;

-- Published daily means (A7.2.2.4); day is the number of days since 1970-01-01.
CREATE TABLE official_days (
	row_id        SERIAL,
	station       TEXT NOT NULL,
	day           BIGINT NOT NULL,
	celsius       DOUBLE PRECISION NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX official_days_now ON official_days (station, day) WHERE superseded_at IS NULL;

CREATE INDEX households_building ON households (building) WHERE superseded_at IS NULL;
