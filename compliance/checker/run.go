package checker

import (
	"context"
	"sync"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
)

// chunkSize is how many jobs a worker takes at a time: enough for a store that reads many series at once, few enough that workers end
// together.
const chunkSize = 250

// run judges jobs of different households on all workers and writes what they find while they judge on. When it returns an
// error, what was written before it stands.
func (r *round) run(ctx context.Context, jobs []*job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	todo := make(chan []*job)
	found := make(chan []outcome, r.Workers)
	go func() {
		defer close(todo)
		for len(jobs) > 0 {
			n := min(chunkSize, len(jobs))
			select {
			case todo <- jobs[:n]:
				jobs = jobs[n:]
			case <-ctx.Done():
				return
			}
		}
	}()
	var workers sync.WaitGroup
	for range r.Workers {
		workers.Go(func() {
			w := &reader{round: r}
			for chunk := range todo {
				if err := w.judgeAll(ctx, chunk, func(some []outcome) { found <- some }); err != nil {
					cancel(err)
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(found)
	}()
	return r.write(ctx, found, cancel)
}

// write writes outcomes as they come. It takes all of them, so that no worker waits for ever.
func (r *round) write(ctx context.Context, found <-chan []outcome, cancel context.CancelCauseFunc) error {
	var some []outcome
	tiles := 0
	flush := func() {
		if err := r.flush(ctx, some); err != nil {
			cancel(err)
		}
		clear(some) // what they hold is large
		some, tiles = some[:0], 0
	}
	for all := range found {
		some, tiles = append(some, all...), tiles+weigh(all)
		if (len(some) >= writeAtOnce || tiles >= tilesAtOnce) && ctx.Err() == nil {
			flush()
		}
	}
	if ctx.Err() == nil {
		flush()
	}
	return context.Cause(ctx)
}

func (r *round) flush(ctx context.Context, some []outcome) error {
	var all []ledger.Judgment
	var nothing []ledger.Dirty
	for _, o := range some {
		switch {
		case o.err != nil:
			r.failed[o.job.home.id] = o.err
		case o.judgment != nil:
			all = append(all, *o.judgment)
		case o.job.final:
			nothing = append(nothing, o.job.dirty)
		}
	}
	if len(nothing) > 0 {
		if err := r.Ledger.CompleteDirty(ctx, nothing); err != nil {
			return err
		}
	}
	if len(all) > 0 {
		if err := r.Ledger.WriteJudgments(ctx, all, r.asOf); err != nil {
			return err
		}
	}
	for _, o := range some {
		r.report.Readings += o.readings
		if o.err == nil && o.job.final {
			r.report.Households++
			r.due[o.job.home.id] = o.due
		}
	}
	return nil
}

// maxFailing is after how many households in a row that cannot be read the store is taken to be away.
const maxFailing = 8

// tilesAtOnce bounds the tiles, with their reasons of about a kilobyte, that wait to be written. A room that crosses its
// threshold with every reading, as a faulty sensor may, has a tile for each.
const tilesAtOnce = 20_000

// weigh is how many tiles outcomes hold.
func weigh(some []outcome) (tiles int) {
	for _, o := range some {
		if o.judgment != nil {
			for i := range o.judgment.Rooms {
				tiles += len(o.judgment.Rooms[i].Tiles)
			}
		}
	}
	return tiles
}

// judgeAll reads and judges jobs, and gives what it finds to give, in pieces. If they cannot be read together each that is left is
// read alone, so that one broken series does not stop all; the error is that of a store that does not answer, or of the ledger.
func (w *reader) judgeAll(ctx context.Context, jobs []*job, give func([]outcome)) error {
	done, err := w.judgeTogether(ctx, jobs, give)
	if err == nil {
		return nil
	}
	failing := 0
	for _, j := range jobs[done:] {
		_, err := w.judgeTogether(ctx, []*job{j}, give)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil:
			failing = 0
			continue
		}
		if failing++; failing == maxFailing {
			return err
		}
		give([]outcome{{job: j, err: err}})
	}
	return nil
}

// judgeTogether judges jobs in their order and returns how many it has given. After an error the others were not.
func (w *reader) judgeTogether(ctx context.Context, jobs []*job, give func([]outcome)) (done int, err error) {
	var all []outcome
	tiles := 0
	hand := func() {
		done += len(all)
		give(all)
		all, tiles = nil, 0
	}
	var failed error
	err = w.read(ctx, jobs, func(j *job, f *compliance.Facts, readings int) {
		if failed != nil {
			return
		}
		if len(f.Tests) > 0 { // only then anything depends on reports (section 6)
			if f.Reports, failed = w.Ledger.Reports(ctx, j.home.id); failed != nil {
				return
			}
		}
		all = append(all, w.judge(j, f, readings))
		if tiles += weigh(all[len(all)-1:]); tiles >= tilesAtOnce {
			hand()
		}
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		hand()
	}
	return done, err
}
