-- The register of institutions that test: each version a row that is superseded by the next.
CREATE TABLE institutions (
	row_id        SERIAL,
	id            TEXT NOT NULL,
	version       BIGINT NOT NULL,
	body          TEXT NOT NULL,          -- JSON
	role          TEXT NOT NULL,
	actor         TEXT NOT NULL,
	valid_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX institutions_version ON institutions (id, version);

CREATE UNIQUE INDEX institutions_now ON institutions (id) WHERE superseded_at IS NULL;

-- Whom a test or the request for one concerns, and of a test the record as it was handed in. Written once, with the matter.
CREATE TABLE test_papers (
	kind        TEXT NOT NULL,            -- of the matter
	matter      TEXT NOT NULL,
	household   TEXT NOT NULL,
	room        TEXT NOT NULL,
	institution TEXT NOT NULL,
	opened_at   BIGINT NOT NULL,
	body        TEXT NOT NULL,            -- JSON, or empty
	PRIMARY KEY (kind, matter)
);

CREATE INDEX test_papers_institution ON test_papers (kind, institution, opened_at, matter);

CREATE INDEX test_papers_household ON test_papers (kind, household, opened_at, matter);

-- What a test decides, as it was judged last. A row changes once, when it is superseded.
CREATE TABLE test_findings (
	row_id        SERIAL,
	household     TEXT NOT NULL,
	test          TEXT NOT NULL,
	room          TEXT NOT NULL,
	start_ns      BIGINT NOT NULL,        -- of the test
	finding       TEXT NOT NULL,
	stands        BIGINT NOT NULL,
	payer         TEXT NOT NULL,
	sensor_off    BIGINT NOT NULL,
	difference    DOUBLE PRECISION NOT NULL, -- of the sensor from the test, °C; 0 if none was compared
	digest        TEXT NOT NULL,
	because       TEXT NOT NULL,          -- JSON
	known_from    BIGINT NOT NULL,
	superseded_at BIGINT
);

CREATE UNIQUE INDEX test_findings_now ON test_findings (household, test) WHERE superseded_at IS NULL;

CREATE INDEX test_findings_off ON test_findings (start_ns, test) WHERE superseded_at IS NULL AND sensor_off = 1;

-- sqlite: CREATE TRIGGER test_papers_kept BEFORE UPDATE ON test_papers
BEGIN SELECT RAISE(ABORT, 'a row of test_papers is never changed or deleted'); END;

-- postgres: CREATE TRIGGER test_papers_kept BEFORE UPDATE ON test_papers
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER test_papers_stay BEFORE DELETE ON test_papers
BEGIN SELECT RAISE(ABORT, 'a row of test_papers is never changed or deleted'); END;

-- postgres: CREATE TRIGGER test_papers_stay BEFORE DELETE ON test_papers
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER institutions_stay BEFORE DELETE ON institutions
BEGIN SELECT RAISE(ABORT, 'a row of institutions is never changed or deleted'); END;

-- postgres: CREATE TRIGGER institutions_stay BEFORE DELETE ON institutions
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER institutions_kept BEFORE UPDATE OF row_id, id, version, body, role, actor, valid_from ON institutions
BEGIN SELECT RAISE(ABORT, 'a row of institutions is never changed or deleted'); END;

-- postgres: CREATE TRIGGER institutions_kept BEFORE UPDATE OF row_id, id, version, body, role, actor, valid_from ON institutions
FOR EACH ROW EXECUTE FUNCTION ledger_kept();
