-- What statements come to by item, for metrics.
CREATE INDEX statement_lines_item ON statement_lines (item, statement, quantity, fen);
