package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// format is the version of the tables and of what is in their cells.
const format = 1

// head is the one row that says how far the log reaches.
type head struct {
	size, received, checkpoints int64
	root                        tlog.Hash
}

// commitRow is one commit as stored: cells still sealed.
type commitRow struct {
	first, count      int64
	tail, salts, blob []byte
}

// errConflict means that what the database holds does not continue the log that this process knows.
var errConflict = errors.New("the log is not the one that this process knows")

type statements struct {
	updateHead, insertCommit, insertTile, updateCommit *sql.Stmt // on write
	selectTile, selectCommits                          *sql.Stmt // on read
}

const (
	queryHead        = `SELECT format, size, received, checkpoints, root FROM evidence_head`
	queryTile        = `SELECT hashes FROM evidence_tiles WHERE level = ? AND n = ?`
	queryTiles       = `SELECT n, hashes FROM evidence_tiles WHERE level = ? AND n >= ? ORDER BY n`
	queryTails       = `SELECT first, count, tail FROM evidence_commits WHERE first >= (SELECT coalesce(max(first), 0) FROM evidence_commits WHERE first <= ?) ORDER BY first`
	queryCommits     = `SELECT first, count, tail, salts, blob FROM evidence_commits WHERE first >= (SELECT coalesce(max(first), 0) FROM evidence_commits WHERE first <= ?) ORDER BY first LIMIT ?`
	queryCheckpoints = `SELECT id, note FROM evidence_checkpoints WHERE id >= ? ORDER BY id`
)

func (d *database) prepare(ctx context.Context) error {
	for _, s := range []struct {
		stmt  **sql.Stmt
		db    *sql.DB
		query string
	}{
		{&d.stmts.updateHead, d.write, `UPDATE evidence_head SET size = ?, received = ?, root = ? WHERE one = 1 AND size = ? AND received = ?`},
		{&d.stmts.insertCommit, d.write, `INSERT INTO evidence_commits (first, count, tail, salts, blob) VALUES (?, ?, ?, ?, ?)`},
		{&d.stmts.insertTile, d.write, `INSERT INTO evidence_tiles (level, n, hashes) VALUES (?, ?, ?)`},
		{&d.stmts.updateCommit, d.write, `UPDATE evidence_commits SET salts = ?, blob = ? WHERE first = ?`},
		{&d.stmts.selectTile, d.read, queryTile},
		{&d.stmts.selectCommits, d.read, queryCommits},
	} {
		var err error
		if *s.stmt, err = s.db.PrepareContext(ctx, d.rebind(s.query)); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (d *database) head(ctx context.Context, q querier) (head, error) {
	return scanHead(q.QueryRowContext(ctx, queryHead))
}

func scanHead(row *sql.Row) (head, error) {
	var h head
	var version int64
	var cell []byte
	if err := row.Scan(&version, &h.size, &h.received, &h.checkpoints, &cell); err != nil {
		return head{}, fmt.Errorf("evidence: head: %w", err)
	}
	if version != format {
		return head{}, fmt.Errorf("evidence: head: format %d; this program knows %d", version, format)
	}
	root, err := unseal(cell)
	if err != nil || len(root) != tlog.HashSize {
		return head{}, fmt.Errorf("evidence: head: root %w", errCRC)
	}
	h.root = tlog.Hash(root)
	return h, nil
}

// append writes the rows of one commit. erased, if any, replaces the row of a leaf that is erased by it.
func (d *database) append(ctx context.Context, tx *locked, before, after head, row commitRow, tiles []fullTile, erased *commitRow) error {
	moved, err := tx.StmtContext(ctx, d.stmts.updateHead).ExecContext(ctx, after.size, after.received, seal(after.root[:]), before.size, before.received)
	if err != nil {
		return err
	}
	if n, err := moved.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errConflict, err)
	}
	if _, err = tx.StmtContext(ctx, d.stmts.insertCommit).ExecContext(ctx, row.first, row.count, row.tail, row.salts, row.blob); err != nil {
		return err
	}
	for _, t := range tiles {
		if _, err = tx.StmtContext(ctx, d.stmts.insertTile).ExecContext(ctx, t.level, t.n, seal(hashBytes(t.hashes))); err != nil {
			return err
		}
	}
	if erased != nil {
		if _, err = tx.StmtContext(ctx, d.stmts.updateCommit).ExecContext(ctx, erased.salts, erased.blob, erased.first); err != nil {
			return err
		}
	}
	return nil
}

// scrub empties SQLite's write-ahead log, in which what was erased can still be read; in the file itself secure_delete
// has overwritten it. Appends wait meanwhile, so it gives up soon when somebody is reading. PostgreSQL overwrites what
// it no longer needs as it vacuums.
func (d *database) scrub(ctx context.Context) (err error) {
	if d.postgres {
		return nil
	}
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `PRAGMA busy_timeout = 500`); err != nil {
		return err
	}
	var busy, frames, moved int
	err = conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		err = errors.New("somebody is reading")
	}
	_, restored := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf(`PRAGMA busy_timeout = %d`, busyTimeout.Milliseconds()))
	return errors.Join(err, restored)
}

// fullTile reads a complete tile.
func (d *database) fullTile(ctx context.Context, level int, n int64) ([]byte, error) {
	var cell []byte
	switch err := d.stmts.selectTile.QueryRowContext(ctx, level, n).Scan(&cell); {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("evidence: %s is missing", tilePath(level, n, tileWidth))
	case err != nil:
		return nil, fmt.Errorf("evidence: %s: %w", tilePath(level, n, tileWidth), err)
	}
	data, err := unseal(cell)
	if err != nil || len(data) != tileWidth*tlog.HashSize {
		return nil, fmt.Errorf("evidence: %s %w", tilePath(level, n, tileWidth), errCRC)
	}
	return data, nil
}

// commits reads the commit that holds leaf from, and those after it: at most limit, at most about maxBytes of cells.
func (d *database) commits(ctx context.Context, from int64, limit, maxBytes int) (rows []commitRow, err error) {
	found, err := d.stmts.selectCommits.QueryContext(ctx, from, limit)
	if err != nil {
		return nil, fmt.Errorf("evidence: commits from leaf %d: %w", from, err)
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for size := 0; size < maxBytes && found.Next(); {
		var row commitRow
		if err := found.Scan(&row.first, &row.count, &row.tail, &row.salts, &row.blob); err != nil {
			return nil, fmt.Errorf("evidence: commits from leaf %d: %w", from, err)
		}
		size += len(row.tail) + len(row.salts) + len(row.blob)
		rows = append(rows, row)
	}
	return rows, found.Err()
}

// insertCheckpoint appends a checkpoint; id is that of the one before, plus one.
func (d *database) insertCheckpoint(ctx context.Context, tx *locked, id int64, note string) error {
	moved, err := tx.ExecContext(ctx, d.rebind(`UPDATE evidence_head SET checkpoints = ? WHERE one = 1 AND checkpoints = ?`), id, id-1)
	if err != nil {
		return err
	}
	if n, err := moved.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errConflict, err)
	}
	if _, err = tx.ExecContext(ctx, d.rebind(`INSERT INTO evidence_checkpoints (id, note) VALUES (?, ?)`), id, seal([]byte(note))); err != nil {
		return err
	}
	return tx.Commit()
}

// checkpoints calls yield with each checkpoint row from id on, its cell still sealed.
func (d *database) checkpoints(ctx context.Context, q querier, from int64, yield func(id int64, cell []byte) error) (err error) {
	rows, err := q.QueryContext(ctx, d.rebind(queryCheckpoints), from)
	if err != nil {
		return fmt.Errorf("evidence: checkpoints: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var cell []byte
		if err := rows.Scan(&id, &cell); err != nil {
			return fmt.Errorf("evidence: checkpoints: %w", err)
		}
		if err := yield(id, cell); err != nil {
			return err
		}
	}
	return rows.Err()
}
