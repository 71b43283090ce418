-- What is written down stays: the database itself refuses to change or delete it, whatever the program or a person at its console
-- does by mistake. A tile or an episode changes once, when it is superseded. Triggers on columns cost an update of others nothing.;

-- postgres: CREATE FUNCTION ledger_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'a row of % is never changed or deleted', TG_TABLE_NAME;
END $$;

-- sqlite: CREATE TRIGGER tiles_kept BEFORE UPDATE OF row_id, household, room, start_ns, end_ns, status, clause, provisional, version, known_from, digest, because ON tiles
BEGIN SELECT RAISE(ABORT, 'a row of tiles is never changed or deleted'); END;

-- postgres: CREATE TRIGGER tiles_kept BEFORE UPDATE OF row_id, household, room, start_ns, end_ns, status, clause, provisional, version, known_from, digest, because ON tiles
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER tiles_once BEFORE UPDATE OF superseded_at ON tiles
WHEN OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
BEGIN SELECT RAISE(ABORT, 'a row of tiles is never changed or deleted'); END;

-- postgres: CREATE TRIGGER tiles_once BEFORE UPDATE OF superseded_at ON tiles
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL) EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER tiles_stay BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'a row of tiles is never changed or deleted'); END;

-- postgres: CREATE TRIGGER tiles_stay BEFORE DELETE ON tiles
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER episodes_kept BEFORE UPDATE OF row_id, household, room, start_ns, end_ns, status, below_ns, confirmed_ns, dismissed_ns, tests, confirmations, version, known_from,
	digest, because ON episodes
BEGIN SELECT RAISE(ABORT, 'a row of episodes is never changed or deleted'); END;

-- postgres: CREATE TRIGGER episodes_kept BEFORE UPDATE OF row_id, household, room, start_ns, end_ns, status, below_ns, confirmed_ns, dismissed_ns, tests, confirmations, version, known_from,
	digest, because ON episodes
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER episodes_once BEFORE UPDATE OF superseded_at ON episodes
WHEN OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
BEGIN SELECT RAISE(ABORT, 'a row of episodes is never changed or deleted'); END;

-- postgres: CREATE TRIGGER episodes_once BEFORE UPDATE OF superseded_at ON episodes
FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL) EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER episodes_stay BEFORE DELETE ON episodes
BEGIN SELECT RAISE(ABORT, 'a row of episodes is never changed or deleted'); END;

-- postgres: CREATE TRIGGER episodes_stay BEFORE DELETE ON episodes
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER ticket_events_kept BEFORE UPDATE ON ticket_events
BEGIN SELECT RAISE(ABORT, 'a row of ticket_events is never changed or deleted'); END;

-- postgres: CREATE TRIGGER ticket_events_kept BEFORE UPDATE ON ticket_events
FOR EACH ROW EXECUTE FUNCTION ledger_kept();

-- sqlite: CREATE TRIGGER ticket_events_stay BEFORE DELETE ON ticket_events
BEGIN SELECT RAISE(ABORT, 'a row of ticket_events is never changed or deleted'); END;

-- postgres: CREATE TRIGGER ticket_events_stay BEFORE DELETE ON ticket_events
FOR EACH ROW EXECUTE FUNCTION ledger_kept();
