-- What bills are made from beside readings and verdicts: meter changes, meter faults, days without supply, suspensions, how a building's
-- register is allocated, seasons that the government has set, fees of tests, accounts. A row changes once, when another of its kind and id supersedes it.
CREATE TABLE billing_facts (
	row_id        SERIAL,
	kind          TEXT NOT NULL,
	id            TEXT NOT NULL,
	place         TEXT NOT NULL,          -- meter, or as of declarations
	place_id      TEXT NOT NULL,
	withdrawn     BIGINT NOT NULL,        -- 1: it holds no more
	body          TEXT NOT NULL,          -- JSON
	noted_by      TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX billing_facts_now ON billing_facts (kind, id) WHERE superseded_at IS NULL;

CREATE INDEX billing_facts_place ON billing_facts (place, place_id) WHERE superseded_at IS NULL;

CREATE INDEX households_account ON households (account) WHERE superseded_at IS NULL;

-- A payment is of its channel and the channel's own reference once. winter is the year in which the winter begins that it is for;
-- day is the number of days since 1970-01-01. A payment that was a mistake is voided, and stays.
CREATE TABLE payments (
	channel     TEXT NOT NULL,
	reference   TEXT NOT NULL,
	household   TEXT NOT NULL,
	account     TEXT NOT NULL,
	winter      BIGINT NOT NULL,
	day         BIGINT NOT NULL,
	fen         BIGINT NOT NULL,
	import      TEXT NOT NULL,            -- empty: recorded singly
	recorded_at BIGINT NOT NULL,
	recorded_by TEXT NOT NULL,
	voided_at   BIGINT,
	voided_why  TEXT NOT NULL,
	PRIMARY KEY (channel, reference)
);

CREATE INDEX payments_household ON payments (household, winter, day);

-- The channels' files that were taken over, by their content.
CREATE TABLE payment_imports (
	id          TEXT PRIMARY KEY,
	channel     TEXT NOT NULL,
	payments    BIGINT NOT NULL,
	fen         BIGINT NOT NULL,
	recorded_at BIGINT NOT NULL,
	recorded_by TEXT NOT NULL
);

-- Settling a winter's households, in order of id. through is the last one that was done: it moves in the transaction that writes the
-- statements up to it, so that whoever goes on after a stop writes none twice.
CREATE TABLE settlements (
	id          TEXT PRIMARY KEY,
	winter      BIGINT NOT NULL,
	kind        TEXT NOT NULL,
	scope       TEXT NOT NULL,            -- JSON: the households; empty: all
	as_of       BIGINT NOT NULL,
	started_at  BIGINT NOT NULL,
	started_by  TEXT NOT NULL,
	through     TEXT NOT NULL,
	done        BIGINT NOT NULL,
	made        BIGINT NOT NULL,
	finished_at BIGINT
);

CREATE UNIQUE INDEX settlements_going ON settlements (winter, kind, scope) WHERE finished_at IS NULL;

CREATE TABLE statements (
	id         TEXT PRIMARY KEY,
	household  TEXT NOT NULL,
	account    TEXT NOT NULL,
	winter     BIGINT NOT NULL,
	season     TEXT NOT NULL,             -- first and last day
	seq        BIGINT NOT NULL,
	kind       TEXT NOT NULL,
	as_of      BIGINT NOT NULL,
	made_at    BIGINT NOT NULL,
	settlement TEXT NOT NULL REFERENCES settlements (id),
	policy     TEXT NOT NULL,
	digest     TEXT NOT NULL,             -- of the policy's edition
	judged     BIGINT NOT NULL,           -- the version of the verdict that stood
	verdict    TEXT NOT NULL,             -- the digest of what the verdict confirmed
	balance    BIGINT NOT NULL,           -- fen, of this statement's lines
	body       TEXT NOT NULL,             -- JSON: reasons, gaps
	UNIQUE (household, winter, seq),
	UNIQUE (settlement, household)
);

CREATE TABLE statement_lines (
	statement TEXT NOT NULL REFERENCES statements (id),
	line      BIGINT NOT NULL,
	item      TEXT NOT NULL,
	ref       TEXT NOT NULL,
	clause    TEXT NOT NULL,
	quantity  BIGINT NOT NULL,            -- millionths
	unit      TEXT NOT NULL,
	price     TEXT NOT NULL,
	fen       BIGINT NOT NULL,
	balance   BIGINT NOT NULL,
	source    TEXT NOT NULL,
	PRIMARY KEY (statement, line)
);

-- What a statement gave back: by transfer, or carried over into the next winter.
CREATE TABLE payouts (
	statement TEXT PRIMARY KEY REFERENCES statements (id),
	household TEXT NOT NULL,
	account   TEXT NOT NULL,
	winter    BIGINT NOT NULL,
	way       TEXT NOT NULL,
	fen       BIGINT NOT NULL CHECK (fen > 0),
	holder    TEXT NOT NULL,
	bank      TEXT NOT NULL,
	bank_no   TEXT NOT NULL,
	made_at   BIGINT NOT NULL
);

CREATE INDEX payouts_household ON payouts (household, winter);

-- sqlite: CREATE TRIGGER statements_kept BEFORE UPDATE ON statements
BEGIN SELECT RAISE(ABORT, 'a row of statements is never changed or deleted'); END;

-- postgres: CREATE TRIGGER statements_kept BEFORE UPDATE ON statements
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER statements_stay BEFORE DELETE ON statements
BEGIN SELECT RAISE(ABORT, 'a row of statements is never changed or deleted'); END;

-- postgres: CREATE TRIGGER statements_stay BEFORE DELETE ON statements
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER statement_lines_kept BEFORE UPDATE ON statement_lines
BEGIN SELECT RAISE(ABORT, 'a row of statement_lines is never changed or deleted'); END;

-- postgres: CREATE TRIGGER statement_lines_kept BEFORE UPDATE ON statement_lines
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER statement_lines_stay BEFORE DELETE ON statement_lines
BEGIN SELECT RAISE(ABORT, 'a row of statement_lines is never changed or deleted'); END;

-- postgres: CREATE TRIGGER statement_lines_stay BEFORE DELETE ON statement_lines
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER payouts_kept BEFORE UPDATE ON payouts
BEGIN SELECT RAISE(ABORT, 'a row of payouts is never changed or deleted'); END;

-- postgres: CREATE TRIGGER payouts_kept BEFORE UPDATE ON payouts
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER payouts_stay BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'a row of payouts is never changed or deleted'); END;

-- postgres: CREATE TRIGGER payouts_stay BEFORE DELETE ON payouts
FOR EACH ROW EXECUTE FUNCTION ledger_kept();
