package ledger

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/sensors"
)

// KeptInstitution is a version of an institution of the register.
type KeptInstitution struct {
	measured.Institution
	Version      int64 // from 1
	By           disputes.Actor
	Recorded     sensors.Instant
	SupersededAt sensors.Instant // 0: it is the newest
}

// institutionBody is an institution as it is kept; fields are only ever added.
type institutionBody struct {
	Name        string           `json:"name"`
	Accredited  []keptDays       `json:"accredited"`
	Instruments []keptInstrument `json:"instruments"`
}

// keptDays are days as texts; an absent end is none.
type keptDays struct {
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

type keptInstrument struct {
	Serial      string   `json:"serial"`
	Certificate string   `json:"certificate"`
	Valid       keptDays `json:"valid"`
	Error       string   `json:"error_celsius"` // as it was written
}

// institutionRecord is what the evidence log gets of a version.
type institutionRecord struct {
	Key         string          `json:"key"`
	Institution string          `json:"institution"`
	Version     int64           `json:"version"`
	Body        json.RawMessage `json:"body"`
	Recorded    time.Time       `json:"recorded"`
	Role        disputes.Role   `json:"role"`
	Actor       string          `json:"actor"`
}

// PutInstitution writes a version of an institution: the first of a new one, or the one after the newest. What was there is
// superseded and stays. ErrConflict when another version was written meanwhile, ErrExists when a new one's id was used.
func (l *Ledger) PutInstitution(ctx context.Context, i measured.Institution, version int64, by disputes.Actor, now sensors.Instant) (KeptInstitution, error) {
	doing := "writing institution " + i.ID
	if err := sensors.CheckID(i.ID); err != nil {
		return KeptInstitution{}, invalid("writing an institution", err.Error())
	}
	if version < 1 {
		return KeptInstitution{}, invalid(doing, "versions count from 1")
	}
	body, err := json.Marshal(bodyOfInstitution(i))
	if err != nil {
		return KeptInstitution{}, fail(doing, err)
	}
	k := KeptInstitution{Institution: i, Version: version, By: by, Recorded: now}
	key := "institution/" + i.ID + "/" + strconv.FormatInt(version, 10)
	content, err := json.Marshal(institutionRecord{key, i.ID, version, body, now.Time(), by.Role, by.ID})
	if err != nil {
		return KeptInstitution{}, fail(doing, err)
	}
	return k, l.writing(ctx, doing, func(t tx) error {
		if version > 1 {
			n, err := t.exec(ctx, "UPDATE institutions SET superseded_at = ? WHERE superseded_at IS NULL AND id = ? AND version = ?",
				int64(now), i.ID, version-1)
			if err != nil {
				return err
			}
			if n == 0 {
				return ErrConflict
			}
		}
		if _, err := t.exec(ctx, "INSERT INTO institutions (id, version, body, role, actor, valid_from) VALUES ("+placeholders(6)+")",
			i.ID, version, string(body), string(by.Role), by.ID, int64(now)); err != nil {
			return err
		}
		return t.enqueue(ctx, []OutboxEntry{{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: now}})
	})
}

// foundInstitution is a row of institutions as it is read.
type foundInstitution struct {
	KeptInstitution
	body string
}

const institutionColumns = "id, version, body, role, actor, valid_from, coalesce(superseded_at, 0)"

func (f *foundInstitution) columns() []any {
	return []any{&f.ID, &f.Version, &f.body, &f.By.Role, &f.By.ID, &f.Recorded, &f.SupersededAt}
}

func (f *foundInstitution) read() error {
	var b institutionBody
	if err := json.Unmarshal([]byte(f.body), &b); err != nil {
		return err
	}
	f.Name = b.Name
	for _, d := range b.Accredited {
		days, err := d.days()
		if err != nil {
			return err
		}
		f.Accredited = append(f.Accredited, days)
	}
	for _, x := range b.Instruments {
		days, err := x.Valid.days()
		if err != nil {
			return err
		}
		limit, err := compliance.ParseDecimal(x.Error)
		if err != nil {
			return err
		}
		f.Instruments = append(f.Instruments, measured.Instrument{Serial: x.Serial, Certificate: x.Certificate, Valid: days, Error: limit})
	}
	return nil
}

func institutionsOf(found []foundInstitution, err error) (all []KeptInstitution, _ error) {
	for i := range found {
		if err == nil {
			err = found[i].read()
		}
		all = append(all, found[i].KeptInstitution)
	}
	return all, err
}

// Institution is the newest version of an institution. ErrNotFound for an unknown one.
func (l *Ledger) Institution(ctx context.Context, id string) (k KeptInstitution, err error) {
	err = l.reading(ctx, "reading institution "+id, func(q querier) error {
		var f foundInstitution
		if err := q.QueryRowContext(ctx, "SELECT "+institutionColumns+" FROM institutions WHERE superseded_at IS NULL AND id = ?", id).
			Scan(f.columns()...); err != nil {
			return err
		}
		err := f.read()
		k = f.KeptInstitution
		return err
	})
	return k, err
}

// InstitutionHistory is every version of an institution, the oldest first. ErrNotFound for an unknown one.
func (l *Ledger) InstitutionHistory(ctx context.Context, id string) (all []KeptInstitution, err error) {
	err = l.reading(ctx, "reading the versions of institution "+id, func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+institutionColumns+" FROM institutions WHERE id = ? ORDER BY version", id)
		all, err = institutionsOf(collect(rows, err, (*foundInstitution).columns))
		if err == nil && len(all) == 0 {
			return ErrNotFound
		}
		return err
	})
	return all, err
}

// Institutions is the newest version of every institution after an id, in order of ids as bytes, at most limit (1000 if it is 0).
func (l *Ledger) Institutions(ctx context.Context, after string, limit int) (all []KeptInstitution, err error) {
	err = l.reading(ctx, "listing institutions", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+institutionColumns+" FROM institutions WHERE superseded_at IS NULL AND id"+
			l.dialect.byBytes()+" > ? ORDER BY id"+l.dialect.byBytes()+" LIMIT ?", after, page(limit))
		all, err = institutionsOf(collect(rows, err, (*foundInstitution).columns))
		return err
	})
	return all, err
}

// byBytes makes PostgreSQL order a text as SQLite does, whatever the database's locale.
func (d dialect) byBytes() string {
	if d == inPostgres {
		return ` COLLATE "C"`
	}
	return ""
}

func bodyOfInstitution(i measured.Institution) institutionBody {
	b := institutionBody{Name: i.Name, Accredited: []keptDays{}, Instruments: []keptInstrument{}}
	for _, d := range i.Accredited {
		b.Accredited = append(b.Accredited, keep(d))
	}
	for _, x := range i.Instruments {
		b.Instruments = append(b.Instruments, keptInstrument{x.Serial, x.Certificate, keep(x.Valid), x.Error.String()})
	}
	return b
}

func keep(d measured.Days) keptDays {
	k := keptDays{From: d.From.String()}
	if d.To != 0 {
		k.To = d.To.String()
	}
	return k
}

func (k keptDays) days() (d measured.Days, err error) {
	if d.From, err = compliance.ParseDate(k.From); err != nil || k.To == "" {
		return d, err
	}
	d.To, err = compliance.ParseDate(k.To)
	return d, err
}
