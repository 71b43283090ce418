-- The last judgment of a household. What it needs to go on from is in carry.
CREATE TABLE judged (
	household    TEXT PRIMARY KEY,
	version      BIGINT NOT NULL,
	judged_at    BIGINT NOT NULL,
	until_ns     BIGINT NOT NULL,         -- where its tiles end
	settled_ns   BIGINT NOT NULL,         -- what lies before is settled
	digest       TEXT NOT NULL,           -- of the policy's edition
	carry        BYTEA NOT NULL,
	open_because TEXT NOT NULL            -- JSON: room to the reasons of its tile that goes on
);

-- The judgments that changed a tile or an episode.
CREATE TABLE judgings (
	household  TEXT NOT NULL,
	version    BIGINT NOT NULL,
	judged_at  BIGINT NOT NULL,
	until_ns   BIGINT NOT NULL,
	prev_until BIGINT NOT NULL,           -- where the version before ended at last
	PRIMARY KEY (household, version)
);

-- Tiles of a room, or with room '' of the household. Of the greatest integer as end_ns: the tile goes on, it ends where the
-- household's tiles end. A row changes once, when it is superseded.
CREATE TABLE tiles (
	row_id        SERIAL,
	household     TEXT NOT NULL,
	room          TEXT NOT NULL,
	start_ns      BIGINT NOT NULL,
	end_ns        BIGINT NOT NULL,
	status        TEXT NOT NULL,
	clause        TEXT NOT NULL,
	provisional   BIGINT NOT NULL,
	version       BIGINT NOT NULL,
	known_from    BIGINT NOT NULL,
	superseded_at BIGINT,
	digest        TEXT NOT NULL,
	because       TEXT NOT NULL,          -- JSON
	CHECK (start_ns < end_ns)
);

CREATE INDEX tiles_now ON tiles (household, end_ns) WHERE superseded_at IS NULL;

CREATE INDEX tiles_history ON tiles (household, superseded_at) WHERE superseded_at IS NOT NULL;

CREATE TABLE episodes (
	row_id        SERIAL,
	household     TEXT NOT NULL,
	room          TEXT NOT NULL,
	start_ns      BIGINT NOT NULL,
	end_ns        BIGINT NOT NULL,
	status        TEXT NOT NULL,
	below_ns      BIGINT NOT NULL,
	confirmed_ns  BIGINT NOT NULL,
	dismissed_ns  BIGINT NOT NULL,
	tests         TEXT NOT NULL,          -- JSON
	confirmations TEXT NOT NULL,          -- JSON
	version       BIGINT NOT NULL,
	known_from    BIGINT NOT NULL,
	superseded_at BIGINT,
	digest        TEXT NOT NULL,
	because       TEXT NOT NULL,          -- JSON
	CHECK (start_ns < end_ns)
);

CREATE INDEX episodes_now ON episodes (household, end_ns) WHERE superseded_at IS NULL;

CREATE INDEX episodes_history ON episodes (household, superseded_at) WHERE superseded_at IS NOT NULL;

CREATE INDEX episodes_open ON episodes (status, end_ns) WHERE superseded_at IS NULL;
