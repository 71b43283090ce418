package blocks

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/nuanju/nuanju/sensors"
)

// Fault is damage that Verify found.
type Fault struct {
	Series string // empty: of the file as a whole
	Date   string // the UTC day of the block, like 2016-01-23; empty: of no block
	What   string
}

// String names the place and what is wrong there.
func (f Fault) String() string {
	switch {
	case f.Date == "":
		return f.What
	case f.Series == "":
		return fmt.Sprintf("a block of an unknown series on %s %s", f.Date, f.What)
	}
	return fmt.Sprintf("the block of %s on %s %s", f.Series, f.Date, f.What)
}

// maxFaults is how many faults Verify lists.
const maxFaults = 100

// Verify reads the whole file and lists what is damaged, at most a hundred faults: every block against its checksum,
// its place, its header and what it unpacks to; and SQLite's own structure, in which a row could be lost. An error
// means that it could not finish. A store with faults is mended by rebuilding it from the evidence log.
func (s *Store) Verify(ctx context.Context) ([]Fault, error) {
	if !s.gate.Enter() {
		return nil, ErrClosed
	}
	defer s.gate.Leave()
	faults, err := s.verifyBlocks(ctx)
	if err == nil {
		faults, err = s.verifyFile(ctx, faults)
	}
	if err != nil {
		return faults, fmt.Errorf("blocks: %s: %w", s.path, err)
	}
	return faults, nil
}

func (s *Store) verifyBlocks(ctx context.Context) ([]Fault, error) {
	names := make(map[uint32]string)
	s.mu.RLock()
	for _, id := range s.ids {
		names[id.id] = id.name
	}
	s.mu.RUnlock()
	rows, err := s.read.QueryContext(ctx, "SELECT key, data FROM blocks ORDER BY key")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var faults []Fault
	var d decoder
	var raw sql.RawBytes
	var samples []sensors.Sample
	for rows.Next() && len(faults) < maxFaults {
		var key int64
		if err := rows.Scan(&key, &raw); err != nil {
			return faults, err
		}
		f := Fault{Series: names[uint32(key)], Date: date(dayOf(key))}
		if f.Series == "" {
			f.What = "belongs to no series"
			faults = append(faults, f)
			continue
		}
		body, err := open(raw, f.Series, dayOf(key))
		if err == nil {
			samples, err = d.decode(body, dayOf(key), samples[:0])
		}
		if err == nil {
			if header, _, _ := readSummary(body); header != summarize(samples) {
				err = errForm
			}
		}
		if err != nil {
			f.What = err.Error()
			faults = append(faults, f)
		}
	}
	return faults, rows.Err()
}

func (s *Store) verifyFile(ctx context.Context, faults []Fault) ([]Fault, error) {
	rows, err := s.read.QueryContext(ctx, fmt.Sprintf("PRAGMA integrity_check(%d)", maxFaults))
	if err != nil {
		return faults, err
	}
	defer rows.Close()
	for rows.Next() && len(faults) < maxFaults {
		var what string
		if err := rows.Scan(&what); err != nil {
			return faults, err
		}
		if what != "ok" {
			faults = append(faults, Fault{What: what})
		}
	}
	return faults, rows.Err()
}
