-- Who signs in with a name and a password. Of the password only a slow, salted hash is kept, which has its parameters in it.
CREATE TABLE staff_accounts (
	id          TEXT PRIMARY KEY,
	name        TEXT NOT NULL UNIQUE,
	role        TEXT NOT NULL,
	scope       TEXT NOT NULL,            -- JSON, as a token's
	password    TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	disabled_at BIGINT
);

-- Who is signed in. Of what the browser shows only a hash is kept. A session is good until it has not been used for idle_ns, until
-- expires_at, or until it was ended, whichever is first.
CREATE TABLE sessions (
	hash       BYTEA PRIMARY KEY,
	account    TEXT NOT NULL,             -- of staff; else empty, and it is the person whom a contract names so
	name       TEXT NOT NULL,
	phone      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	idle_ns    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	ended_at   BIGINT
);

CREATE INDEX sessions_subject ON sessions (account, name, phone);

CREATE INDEX sessions_expired ON sessions (expires_at);

-- One-time codes that were sent. One that was asked for in vain is kept as well, with no name, so that asking costs the same.
CREATE TABLE codes (
	challenge  BYTEA PRIMARY KEY,         -- the hash of what the asker got
	hash       BYTEA NOT NULL,
	account    TEXT NOT NULL,             -- the number with the supplier that it was asked for
	name       TEXT NOT NULL,
	phone      TEXT NOT NULL,
	attempts   BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT
);

CREATE INDEX codes_expired ON codes (expires_at);

-- Which accounts a person has signed in for: what they are, their contracts say.
CREATE TABLE bindings (
	name     TEXT NOT NULL,
	phone    TEXT NOT NULL,
	account  TEXT NOT NULL,               -- the number with the supplier
	bound_at BIGINT NOT NULL,
	PRIMARY KEY (name, phone, account)
);

-- Whom a resident lets see, or see and report, for their household: a daughter for her parents. A row is never deleted.
CREATE TABLE delegations (
	id         TEXT PRIMARY KEY,
	household  TEXT NOT NULL,
	name       TEXT NOT NULL,
	phone      TEXT NOT NULL,
	may_report BIGINT NOT NULL,
	by_name    TEXT NOT NULL,
	by_phone   TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	revoked_at BIGINT,
	revoked_by TEXT
);

CREATE INDEX delegations_household ON delegations (household, created_at);

CREATE INDEX delegations_person ON delegations (name, phone) WHERE revoked_at IS NULL;
