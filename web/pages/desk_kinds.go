package pages

import (
	"net/url"
	"strings"
)

// parties act on disputes: the supplier's people and mediators; deciding are those who decide between the sides.
var (
	parties  = []string{"dispatcher", "mediator", "auditor", "admin"}
	arguing  = []string{"dispatcher", "mediator", "admin"}
	deciding = []string{"mediator"}
)

func matterKinds() []*matterKind {
	return []*matterKind{stoppages(), exemptions(), confirmations(), samplings(), notices(), hearings()}
}

// interval is the fields of a time with a beginning and an end.
func interval(m *deskMatter, r *request, need bool) []field {
	start, end := field{name: "start", kind: timeField, need: need}, field{name: "end", kind: timeField, need: need}
	if m != nil {
		start.value, end.value = r.local(m.when("start")), r.local(m.when("end"))
	}
	return []field{start, end}
}

func placeOf(r *request) field {
	f := field{name: "place", kind: placeField, need: true}
	if home := r.Query("household"); home != "" {
		f.value = home
	}
	return f
}

// proof is a text and the digests of files that were uploaded before.
func proof(_ *request, _ *deskMatter) []field {
	return []field{{name: "text", kind: textField, need: true}, {name: "attachments", kind: lineField}}
}

// splitDigests makes a list of what was written in one line.
func splitDigests(body map[string]any) {
	if text, ok := body["attachments"].(string); ok {
		body["attachments"] = strings.Fields(strings.ReplaceAll(text, ",", " "))
	}
}

func stoppages() *matterKind {
	return &matterKind{
		name: "outages", at: "/desk/outages", who: parties,
		states: []string{"announced", "ended", "recorded", "contested", "upheld", "rejected", "cancelled"},
		about:  []string{"start", "end", "planned", "announced", "ended", "proof", "attachments"},
		open: &matterOpening{verb: "announce", who: dispatch, fields: func(r *request) []field {
			return append(append([]field{placeOf(r)}, interval(nil, r, true)...),
				field{name: "reason", kind: textField, need: true}, field{name: "planned", kind: checkField, value: "true"})
		}},
		verbs: []matterVerb{
			{"end", dispatch, []string{"announced"}, func(*request, *deskMatter) []field {
				return []field{{name: "end", kind: timeField}, {name: "text", kind: textField}}
			}, nil},
			{"record", dispatch, []string{"ended", "recorded", "contested"}, proof, splitDigests},
			{"reschedule", dispatch, []string{"announced"}, func(r *request, m *deskMatter) []field {
				return append(interval(m, r, true), field{name: "text", kind: textField, need: true})
			}, nil},
			{"cancel", dispatch, []string{"announced"}, words, nil},
			{"uphold", deciding, []string{"recorded", "contested", "rejected"}, words, nil},
			{"reject", deciding, []string{"recorded", "contested", "upheld"}, words, nil},
		},
		more: touched, proofs: true,
	}
}

func exemptions() *matterKind {
	return &matterKind{
		name: "exemptions", at: "/desk/exemptions", who: parties,
		states: []string{"claimed", "proved", "contested", "upheld", "rejected", "withdrawn"},
		about:  []string{"clause", "start", "end", "exempts", "proof", "attachments"},
		open: &matterOpening{verb: "claim", who: dispatch, fields: func(r *request) []field {
			return append([]field{{name: "clause", kind: choiceField, options: []string{"A7.2.2.1", "A7.2.2.2", "A7.2.2.3"}, need: true}, placeOf(r)},
				append(interval(nil, r, true), field{name: "text", kind: textField, need: true})...)
		}},
		verbs: []matterVerb{
			{"proofs", dispatch, []string{"claimed", "proved", "contested"}, proof, splitDigests},
			{"withdraw", dispatch, []string{"claimed", "proved", "contested", "upheld"}, words, nil},
			{"uphold", deciding, []string{"proved", "contested", "rejected"}, words, nil},
			{"reject", deciding, []string{"proved", "contested", "upheld"}, words, nil},
		},
		proofs: true,
	}
}

// confirmations are the episodes of cold of which a side says that they were so, or were not. Those that a resident confirmed await
// the supplier.
func confirmations() *matterKind {
	same := func(_ *request, m *deskMatter) []field {
		return []field{
			{name: "start", kind: hiddenField, value: m.text("start")},
			{name: "end", kind: hiddenField, value: m.text("end")},
			{name: "text", kind: textField},
		}
	}
	return &matterKind{
		name: "confirmations", at: "/desk/confirmations", who: parties,
		states: []string{"confirmed_by_resident", "confirmed_by_supplier", "confirmed", "contested", "withdrawn"},
		about:  []string{"start", "end", "dispute"},
		verbs: []matterVerb{
			{"confirm", dispatch, []string{"confirmed_by_resident", "contested", "withdrawn"}, same, nil},
			{"contest", dispatch, []string{"confirmed_by_resident"}, same, nil},
			{"withdraw", dispatch, []string{"confirmed_by_supplier"}, note, nil},
		},
		path: func(m *deskMatter, verb string) string {
			if verb == "withdraw" {
				return "/api/v1/confirmations/" + url.PathEscape(m.ID) + "/withdraw"
			}
			return "/api/v1/episodes/" + url.PathEscape(m.text("episode")) + "/" + verb
		},
	}
}

func samplings() *matterKind {
	return &matterKind{
		name: "samplings", at: "/desk/samplings", who: watch,
		states: []string{"requested", "appointed", "sampled", "declined", "cancelled"},
		about:  []string{"from", "until", "measured"},
		open: &matterOpening{verb: "sampling", who: dispatch, fields: func(r *request) []field {
			return []field{{name: "household", kind: lineField, need: true, value: r.Query("household")}, {name: "text", kind: textField}}
		}},
		verbs: []matterVerb{
			{"appoint", dispatch, []string{"requested", "appointed"}, func(*request, *deskMatter) []field {
				return []field{{name: "from", kind: timeField, need: true}, {name: "until", kind: timeField, need: true}, {name: "text", kind: textField}}
			}, nil},
			{"record", dispatch, []string{"appointed"}, func(r *request, m *deskMatter) (all []field) {
				for _, room := range r.deskHome(m.Place.ID).Rooms {
					all = append(all, field{name: "room:" + room, kind: numberField})
				}
				return append(all, field{name: "text", kind: textField})
			}, measured},
			{"decline", dispatch, []string{"requested", "appointed"}, words, nil},
		},
	}
}

// measured makes a list of the rooms that were measured.
func measured(body map[string]any) {
	list := []any{}
	for name, v := range body {
		if room, ok := strings.CutPrefix(name, "room:"); ok {
			list = append(list, map[string]any{"room": room, "celsius": v})
			delete(body, name)
		}
	}
	body["measured"] = list
}

func notices() *matterKind {
	return &matterKind{
		name: "notices", at: "/desk/notices", who: watch,
		states: []string{"drafted", "sent", "delivered", "returned", "cancelled"},
		about:  []string{"kind", "due", "late", "found_at", "planned_at", "sent_at", "address", "delivered_on", "attachments"},
		open: &matterOpening{verb: "draft", who: dispatch, fields: func(r *request) []field {
			return []field{
				{name: "kind", kind: choiceField, options: []string{"hazard", "filling", "change", "stoppage", "other"}, need: true},
				placeOf(r),
				{name: "found_at", kind: timeField},
				{name: "planned_at", kind: timeField},
				{name: "text", kind: textField, need: true},
			}
		}},
		verbs: []matterVerb{
			{"send", dispatch, []string{"drafted"}, func(*request, *deskMatter) []field {
				return []field{{name: "address", kind: lineField}, {name: "text", kind: textField}}
			}, nil},
			{"deliver", dispatch, []string{"sent"}, delivery, splitDigests},
			{"return", dispatch, []string{"sent"}, delivery, splitDigests},
			{"cancel", dispatch, []string{"drafted"}, words, nil},
		},
		inside: "notice", more: printed,
	}
}

func delivery(_ *request, _ *deskMatter) []field {
	return []field{{name: "on", kind: dateField}, {name: "text", kind: textField, need: true}, {name: "attachments", kind: lineField}}
}

func hearings() *matterKind {
	settling := func(_ *request, _ *deskMatter) []field {
		return []field{
			{name: "text", kind: textField, need: true},
			{name: "confirm_start", kind: timeField},
			{name: "confirm_end", kind: timeField},
			{name: "uphold", kind: lineField},
			{name: "reject", kind: lineField},
		}
	}
	return &matterKind{
		name: "disputes", at: "/disputes", who: parties,
		states: []string{"open", "negotiation", "mediation", "arbitration", "settled", "withdrawn"},
		about:  []string{"about", "by", "commission", "offer", "outcome"},
		open: &matterOpening{verb: "dispute", who: dispatch, fields: func(r *request) []field {
			return []field{
				{name: "household", kind: lineField, need: true, value: r.Query("household")},
				{name: "about_kind", kind: choiceField, options: []string{"episode", "exemption", "outage", "outdoor_day", "test", "statement", "ticket", "other"}, need: true},
				{name: "about_id", kind: lineField},
				{name: "text", kind: textField, need: true},
			}
		}, body: func(body map[string]any) {
			about := map[string]any{"kind": body["about_kind"]}
			if id, ok := body["about_id"]; ok {
				about["id"] = id
			}
			delete(body, "about_kind")
			delete(body, "about_id")
			body["about"] = about
		}},
		verbs: []matterVerb{
			{"say", arguing, []string{"negotiation", "mediation", "arbitration"}, words, nil},
			{"offer", dispatch, []string{"negotiation"}, settling, outcome},
			{"accept", dispatch, []string{"negotiation"}, note, nil},
			{"escalate", dispatch, []string{"negotiation", "mediation"}, func(*request, *deskMatter) []field {
				return []field{{name: "text", kind: textField, need: true}, {name: "commission", kind: lineField}}
			}, nil},
			{"settle", deciding, []string{"mediation", "arbitration"}, settling, outcome},
			{"withdraw", dispatch, []string{"negotiation", "mediation", "arbitration"}, words, nil},
		},
	}
}

// outcome makes of a form's lines what a dispute comes to: an interval that is confirmed, and exemptions and stoppages by their ids.
func outcome(body map[string]any) {
	start, okStart := body["confirm_start"]
	end, okEnd := body["confirm_end"]
	delete(body, "confirm_start")
	delete(body, "confirm_end")
	if okStart || okEnd {
		span := map[string]any{}
		if okStart {
			span["start"] = start
		}
		if okEnd {
			span["end"] = end
		}
		body["confirm"] = []any{span}
	}
	for _, name := range []string{"uphold", "reject"} {
		text, ok := body[name].(string)
		if !ok {
			continue
		}
		refs := []any{}
		for id := range strings.FieldsSeq(strings.ReplaceAll(text, ",", " ")) {
			kind := "exemption"
			if strings.HasPrefix(id, "O") {
				kind = "stoppage"
			}
			refs = append(refs, map[string]any{"kind": kind, "id": id})
		}
		body[name] = refs
	}
}
