package ledger

import (
	"context"

	"github.com/nuanju/nuanju/evidence"
)

// ToEvidence is an evidence log as Deliver needs it.
func ToEvidence(log *evidence.Log) EvidenceLog { return evidenceLog{log} }

type evidenceLog struct{ log *evidence.Log }

func (e evidenceLog) Size() int64 { return e.log.Size() }

func (e evidenceLog) Append(ctx context.Context, entries []OutboxEntry) (int64, error) {
	all := make([]evidence.Entry, len(entries))
	for i, o := range entries {
		all[i] = evidence.Entry{Subject: o.Subject, Content: o.Content}
	}
	at, err := e.log.Append(ctx, all)
	return at.Index, err
}

func (e evidenceLog) Contents(ctx context.Context, from int64, visit func(leaf int64, content []byte)) error {
	// What another process was appending when it was killed is there now, or never will be.
	if err := e.log.Refresh(ctx); err != nil {
		return err
	}
	for leaf, err := range e.log.Leaves(ctx, from) {
		if err != nil {
			return err
		}
		if leaf.Subject == WorkflowSubject {
			visit(leaf.Index, leaf.Content)
		}
	}
	return nil
}
