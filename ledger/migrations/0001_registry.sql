-- The registry. A row holds from valid_from until superseded_at (both by the server's clock, ns since 1970), NULL while it holds.
CREATE TABLE substations (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	name          TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX substations_now ON substations (id) WHERE superseded_at IS NULL;

CREATE TABLE buildings (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	substation    TEXT NOT NULL,
	name          TEXT NOT NULL,
	address       TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX buildings_now ON buildings (id) WHERE superseded_at IS NULL;

CREATE TABLE risers (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	building      TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX risers_now ON risers (id) WHERE superseded_at IS NULL;

-- Areas are kept as they were written: money is computed from them.
CREATE TABLE households (
	row_id           SERIAL,
	id               TEXT NOT NULL,
	building         TEXT NOT NULL,
	riser            TEXT NOT NULL,
	account          TEXT NOT NULL,
	area_m2          TEXT NOT NULL,
	building_area_m2 TEXT NOT NULL,
	policy           TEXT NOT NULL,
	season           TEXT NOT NULL,
	phone            TEXT NOT NULL,
	valid_from       BIGINT NOT NULL,
	superseded_at    BIGINT
);

CREATE UNIQUE INDEX households_now ON households (id) WHERE superseded_at IS NULL;

CREATE TABLE rooms (
	row_id        SERIAL,
	household     TEXT NOT NULL,
	room          TEXT NOT NULL,
	kind          TEXT NOT NULL,
	area_m2       TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX rooms_now ON rooms (household, room) WHERE superseded_at IS NULL;

CREATE TABLE heat_meters (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	building      TEXT NOT NULL,
	household     TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX heat_meters_now ON heat_meters (id) WHERE superseded_at IS NULL;

CREATE TABLE devices (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	model         TEXT NOT NULL,
	serial        TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX devices_now ON devices (id) WHERE superseded_at IS NULL;

CREATE TABLE stations (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	name          TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX stations_now ON stations (id) WHERE superseded_at IS NULL;

-- A device measures a target in [from_ns, to_ns). To end one, its row is superseded by one with an end.
CREATE TABLE assignments (
	row_id        SERIAL,
	device        TEXT NOT NULL,
	from_ns       BIGINT NOT NULL,
	target        TEXT NOT NULL,
	target_id     TEXT NOT NULL,
	room          TEXT NOT NULL,
	to_ns         BIGINT NOT NULL CHECK (to_ns > from_ns),
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX assignments_now ON assignments (device, from_ns) WHERE superseded_at IS NULL;

CREATE TABLE calibrations (
	row_id         SERIAL,
	device         TEXT NOT NULL,
	from_ns        BIGINT NOT NULL,
	offset_celsius DOUBLE PRECISION NOT NULL,
	certificate    TEXT NOT NULL,
	valid_from     BIGINT NOT NULL,
	superseded_at  BIGINT
);

CREATE UNIQUE INDEX calibrations_now ON calibrations (device, from_ns) WHERE superseded_at IS NULL;
