-- Contracts, each version a row that is superseded by the next. The rows of a contract have the same household and account.
CREATE TABLE contracts (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	version       BIGINT NOT NULL,
	household     TEXT NOT NULL,
	account       TEXT NOT NULL,
	from_ns       BIGINT NOT NULL,
	until_ns      BIGINT NOT NULL,        -- the greatest integer: no end was agreed
	body          TEXT NOT NULL,          -- JSON
	salt          BYTEA NOT NULL,         -- with it the body gives the digest that the evidence log has
	role          TEXT NOT NULL,
	actor         TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX contracts_version ON contracts (id, version);

CREATE UNIQUE INDEX contracts_now ON contracts (id) WHERE superseded_at IS NULL;

CREATE INDEX contracts_household ON contracts (household, from_ns) WHERE superseded_at IS NULL;

CREATE INDEX contracts_account ON contracts (account) WHERE superseded_at IS NULL;

-- What is published (A6.7, A6.8): every version of every item. It is in force from from_ns until the next version's.
CREATE TABLE publications (
	item       TEXT NOT NULL,
	version    BIGINT NOT NULL,
	from_ns    BIGINT NOT NULL,
	body       TEXT NOT NULL,             -- JSON
	role       TEXT NOT NULL,
	actor      TEXT NOT NULL,
	valid_from BIGINT NOT NULL,
	PRIMARY KEY (item, version)
);

CREATE INDEX publications_from ON publications (item, from_ns, version);

-- What somebody is to be told, written in the transaction that it tells of. Whom that reaches is found out later: made_at is then.
CREATE TABLE alerts (
	id         SERIAL,
	key        TEXT NOT NULL UNIQUE,
	audience   TEXT NOT NULL,
	who        TEXT NOT NULL,
	message    TEXT NOT NULL,
	language   TEXT NOT NULL,             -- where the recipient's is not known
	vals       TEXT NOT NULL,             -- JSON; emptied when what is secret was handed on
	until_ns   BIGINT NOT NULL,           -- 0: however late
	created_at BIGINT NOT NULL,
	made_at    BIGINT                     -- NULL: its notifications are still to be made
);

CREATE INDEX alerts_waiting ON alerts (id) WHERE made_at IS NULL;

-- One message to one recipient. While it waits it is tried at next_at; whoever tries it moves next_at on first, and so keeps others away.
CREATE TABLE notifications (
	id         SERIAL,
	key        TEXT NOT NULL UNIQUE,
	channel    TEXT NOT NULL,
	recipient  TEXT NOT NULL,
	message    TEXT NOT NULL,
	language   TEXT NOT NULL,
	vals       TEXT NOT NULL,             -- JSON; emptied when what is secret was sent or given up
	state      TEXT NOT NULL,             -- waiting, sent, failed, given_up
	attempts   BIGINT NOT NULL,
	next_at    BIGINT NOT NULL,
	until_ns   BIGINT NOT NULL,           -- 0: however late
	error      TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	done_at    BIGINT                     -- sent, failed or given up
);

CREATE INDEX notifications_due ON notifications (next_at, id) WHERE state = 'waiting';

CREATE INDEX notifications_state ON notifications (state, id);

-- sqlite: CREATE TRIGGER contracts_kept BEFORE UPDATE OF row_id, id, version, household, account, from_ns, until_ns, body, salt, role, actor, valid_from ON contracts
BEGIN SELECT RAISE(ABORT, 'a row of contracts is never changed or deleted'); END;

-- postgres: CREATE TRIGGER contracts_kept BEFORE UPDATE OF row_id, id, version, household, account, from_ns, until_ns, body, salt, role, actor, valid_from ON contracts
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER contracts_once BEFORE UPDATE OF superseded_at ON contracts
WHEN OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
BEGIN SELECT RAISE(ABORT, 'a row of contracts is never changed or deleted'); END;

-- postgres: CREATE TRIGGER contracts_once BEFORE UPDATE OF superseded_at ON contracts
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL) EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER contracts_stay BEFORE DELETE ON contracts
BEGIN SELECT RAISE(ABORT, 'a row of contracts is never changed or deleted'); END;

-- postgres: CREATE TRIGGER contracts_stay BEFORE DELETE ON contracts
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER publications_kept BEFORE UPDATE ON publications
BEGIN SELECT RAISE(ABORT, 'a row of publications is never changed or deleted'); END;

-- postgres: CREATE TRIGGER publications_kept BEFORE UPDATE ON publications
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER publications_stay BEFORE DELETE ON publications
BEGIN SELECT RAISE(ABORT, 'a row of publications is never changed or deleted'); END;

-- postgres: CREATE TRIGGER publications_stay BEFORE DELETE ON publications
FOR EACH ROW EXECUTE FUNCTION ledger_kept();
