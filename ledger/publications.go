package ledger

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Publication is one version of something that is published (A6.7, A6.8).
type Publication struct {
	Item     string // such as numbers or procedures
	Version  int64  // from 1
	From     sensors.Instant
	ZH, EN   string
	By       disputes.Actor
	Recorded sensors.Instant
}

// publicationRecord is what the evidence log gets of a version, as everybody can read it.
type publicationRecord struct {
	Key      string        `json:"key"`
	Item     string        `json:"item"`
	Version  int64         `json:"version"`
	From     time.Time     `json:"from"`
	ZH       string        `json:"zh"`
	EN       string        `json:"en"`
	Recorded time.Time     `json:"recorded"`
	Role     disputes.Role `json:"role"`
	Actor    string        `json:"actor"`
}

// Publish writes the next version of an item, which is in force from its From until that of a later one. It is returned with its version.
func (l *Ledger) Publish(ctx context.Context, p Publication) (Publication, error) {
	doing := "publishing " + p.Item
	if err := sensors.CheckID(p.Item); err != nil {
		return p, invalid("publishing", err.Error())
	}
	body, err := json.Marshal(map[string]string{"zh": p.ZH, "en": p.EN})
	if err != nil {
		return p, fail(doing, err)
	}
	return p, l.writing(ctx, doing, func(t tx) error {
		if err := t.alone(ctx, turnContracts); err != nil {
			return err
		}
		if err := t.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) + 1 FROM publications WHERE item = ?", p.Item).Scan(&p.Version); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "INSERT INTO publications (item, version, from_ns, body, role, actor, valid_from) VALUES ("+placeholders(7)+")",
			p.Item, p.Version, int64(p.From), string(body), string(p.By.Role), p.By.ID, int64(p.Recorded)); err != nil {
			return err
		}
		key := "publication/" + p.Item + "/" + strconv.FormatInt(p.Version, 10)
		content, err := json.Marshal(publicationRecord{
			key, p.Item, p.Version, p.From.Time(), p.ZH, p.EN, p.Recorded.Time(), p.By.Role, p.By.ID,
		})
		if err != nil {
			return err
		}
		return t.enqueue(ctx, []OutboxEntry{{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: p.Recorded}})
	})
}

// Published is what is in force of each item at an instant, and what will be later, by item and time. Of two versions from the same
// instant on the later one is.
func (l *Ledger) Published(ctx context.Context, at sensors.Instant) (all []Publication, err error) {
	type row struct {
		Publication
		body []byte
	}
	err = l.reading(ctx, "reading what is published", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT item, version, from_ns, body, role, actor, valid_from FROM publications p WHERE NOT EXISTS
			(SELECT 1 FROM publications o WHERE o.item = p.item AND o.from_ns <= ? AND o.from_ns >= p.from_ns AND (o.from_ns, o.version) > (p.from_ns, p.version))
			ORDER BY item, from_ns, version`, int64(at))
		found, err := collect(rows, err, func(r *row) []any {
			return []any{&r.Item, &r.Version, &r.From, &r.body, &r.By.Role, &r.By.ID, &r.Recorded}
		})
		for _, r := range found {
			var words struct{ ZH, EN string }
			if err := json.Unmarshal(r.body, &words); err != nil {
				return err
			}
			r.ZH, r.EN = words.ZH, words.EN
			all = append(all, r.Publication)
		}
		return err
	})
	return all, err
}
