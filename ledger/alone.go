package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"time"
)

// askEvery is how often whoever does something alone asks whether it still has the right to.
const askEvery = 2 * time.Second

// Alone does something that only one server of the ledger may do at a time, by its name, and reports whether it was done: not if another
// server is at it. The right to it is a lock of a connection of its own, which PostgreSQL takes back when the process is killed, or
// half a minute after its machine has gone; then, and when the connection is lost, do's context ends. SQLite has one server, which is always alone.
func (l *Ledger) Alone(ctx context.Context, name string, do func(ctx context.Context) error) (done bool, err error) {
	if l.dialect == inSQLite {
		return true, do(ctx)
	}
	doing := "taking the right to do alone: " + name
	if l.closed.Load() {
		return false, &Error{Doing: doing, Kind: ErrClosed}
	}
	conn, err := l.locks.Conn(ctx)
	if err != nil {
		return false, l.failed(doing, err)
	}
	defer func() { err = errors.Join(err, ended(conn.Close())) }()
	key := lockOf(name)
	var free bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&free); err != nil || !free {
		if err != nil {
			err = l.failed(doing, err)
		}
		return false, err
	}
	working, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		stillThere(working, conn)
		stop()
	}()
	err = do(working)
	stop()
	<-watched
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), askEvery)
	defer cancel()
	if _, unlocking := conn.ExecContext(release, "SELECT pg_advisory_unlock($1)", key); unlocking != nil {
		// A connection of which that is not known must not be used again: with its end the lock ends.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return true, err
}

// stillThere returns when ctx ends or the connection no longer answers.
func stillThere(ctx context.Context, conn *sql.Conn) {
	ticker := time.NewTicker(askEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*askEvery)
		err := conn.PingContext(asking)
		cancel()
		if err != nil {
			return
		}
	}
}

// ended is the error of closing a connection that may be gone already.
func ended(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// lockOf is the number of PostgreSQL's lock for a name.
func lockOf(name string) int64 {
	sum := sha256.Sum256([]byte("nuanju/" + name))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}
