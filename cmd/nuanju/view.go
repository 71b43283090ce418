package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// shownEpisodes is how many episodes the view explains unless all are asked for: the longest, and every one that a
// test or a confirmation touches.
const shownEpisodes = 5

// view writes a judgement for people; it remembers the first error of the writer.
type view struct {
	*judgement
	w   io.Writer
	err error
}

func (v *view) printf(format string, args ...any) {
	if v.err == nil {
		_, v.err = fmt.Fprintf(v.w, format, args...)
	}
}

// in is the text in the judgement's language.
func (v *view) in(zh, en string) string { return compliance.Words{ZH: zh, EN: en}.In(v.lang) }

// writeView writes the season as a strip a day, the hours by status, and what was decided and why.
func (j *judgement) writeView(w io.Writer, all bool) error {
	v := &view{judgement: j, w: w}
	v.head()
	v.strips()
	v.hours()
	v.stoppages()
	v.episodes(all)
	v.tests()
	v.claims()
	v.tiersRemedy()
	v.money()
	return v.err
}

func (v *view) head() {
	d := v.verdict
	last := compliance.DateIn(d.Season.End-1, v.policy.Zone)
	v.printf("%s %s · %s %s\n", v.in("户", "Household"), d.Household, d.Policy.Name, d.Policy.Digest)
	v.printf(v.in("采暖季 %s 至 %s，判定至 %s\n\n", "Season %s to %s, judged up to %s\n\n"),
		compliance.DateIn(d.Season.Start, v.policy.Zone), last, v.local(d.Until))
}

func (v *view) local(t compliance.Instant) string {
	return t.Time().In(v.policy.Zone).Format("2006-01-02 15:04")
}

// slots is how many characters a day has in the strip: one for half an hour.
const slots = 48

// signs of the statuses in the strip, the worst in a slot wins. Confirmed below time has a sign of its own.
var signs = map[compliance.Status]rune{
	compliance.Off: '-', compliance.Grace: '~', compliance.Unknown: '?', compliance.Compliant: '·',
	compliance.Exempt: '▒', compliance.Below: '▄',
}

const confirmedSign = '█'

var severity = []compliance.Status{
	compliance.Below, compliance.Exempt, compliance.Unknown, compliance.Grace, compliance.Off, compliance.Compliant,
}

// strips draws a line a day: its outdoor mean, and what the worst of each half hour was.
func (v *view) strips() {
	v.printf("            %-12s%-12s%-12s%-12s  %s\n", "00", "06", "12", "18", v.in("室外", "outdoor"))
	tile := 0
	for _, d := range v.verdict.Days {
		start, end := d.Date.Start(v.policy.Zone), d.Date.End(v.policy.Zone)
		line := make([]rune, slots)
		for i := range line {
			slot := compliance.Interval{
				Start: start + (end-start)*compliance.Instant(i)/slots, End: start + (end-start)*compliance.Instant(i+1)/slots,
			}
			line[i] = v.sign(slot, &tile)
		}
		v.printf("%s  %s  %s\n", d.Date, string(line), v.outdoor(d))
	}
	v.printf("\n%s\n\n", v.in(
		"· 达标  ▄ 不达标（疑似）  █ 确认  ▒ 免责  ? 无读数  ~ 升温期  - 停用",
		"· compliant  ▄ below (suspected)  █ confirmed  ▒ exempt  ? unknown  ~ grace  - off"))
}

// sign is the worst that happened in the slot. Tile is the first tile that can reach into it; slots come in order.
func (v *view) sign(slot compliance.Interval, tile *int) rune {
	tiles := v.verdict.Tiles
	for *tile < len(tiles) && tiles[*tile].End <= slot.Start {
		*tile++
	}
	if len(v.verdict.Confirmed.Clip(slot)) > 0 {
		return confirmedSign
	}
	worst := len(severity)
	for i := *tile; i < len(tiles) && tiles[i].Start < slot.End; i++ {
		worst = min(worst, slices.Index(severity, tiles[i].Status))
	}
	if worst == len(severity) {
		return ' ' // after the moment of judging
	}
	return signs[severity[worst]]
}

func (v *view) outdoor(d compliance.OutdoorDay) string {
	if v.policy.EditionOn(d.Date).Outdoor == nil {
		return ""
	}
	if d.Source == compliance.Undetermined {
		return v.in("未定", "undetermined")
	}
	mark := ""
	if d.Exempt {
		mark = v.in("  免责 A7.2.2.4", "  exempt A7.2.2.4")
	}
	// As many decimals as four observations of a tenth of a degree make: −7.625 must not read as −7.6.
	return fmt.Sprintf("%7s °C%s", strconv.FormatFloat(math.Round(d.Mean*1e3)/1e3, 'f', -1, 64), mark)
}

// hours tells how long each judged room, and the household, had each status.
func (v *view) hours() {
	columns := []compliance.Status{
		compliance.Compliant, compliance.Below, compliance.Exempt, compliance.Unknown, compliance.Grace, compliance.Off,
	}
	v.printf("%s", pad(v.in("小时", "Hours"), 14))
	for _, s := range columns {
		v.printf("%s", pad(compliance.Term(string(s), v.lang), 12))
	}
	v.printf("\n")
	row := func(name string, tiles []compliance.Tile) {
		sums := make(map[compliance.Status]time.Duration)
		for _, t := range tiles {
			sums[t.Status] += t.Length()
		}
		v.printf("%s", pad(name, 14))
		for _, s := range columns {
			v.printf("%-12s", fmt.Sprintf("%.1f", sums[s].Hours()))
		}
		v.printf("\n")
	}
	row(v.in("全户", "household"), v.verdict.Tiles)
	for _, r := range v.verdict.Rooms {
		if r.Judged {
			row(r.Room, r.Tiles)
		}
	}
	v.printf(v.in("确认 %s 小时\n", "Confirmed: %s hours\n"), fmt.Sprintf("%.1f", v.verdict.Confirmed.Length().Hours()))
}

// pad fills the text with spaces to the width; a Chinese character is two wide.
func pad(s string, width int) string {
	w := 0
	for _, r := range s {
		w++
		if r >= 0x2e80 {
			w++
		}
	}
	return s + strings.Repeat(" ", max(1, width-w))
}

func (v *view) section(zh, en string) { v.printf("\n%s\n", v.in(zh, en)) }

func (v *view) reasons(steps []compliance.Step) {
	for _, s := range steps {
		clause := string(s.Clause)
		if clause == "" {
			clause = "–"
		}
		v.printf("    %-9s %s\n", clause, s.Say(compliance.RuleWords(), v.lang, v.policy.Zone))
	}
}

func (v *view) stoppages() {
	if len(v.verdict.Stoppages) == 0 {
		return
	}
	v.section("停供", "Stoppages")
	for _, s := range v.verdict.Stoppages {
		v.reasons(s.Because)
	}
}

// episodes explains those that were decided and the longest of the others.
func (v *view) episodes(all bool) {
	if len(v.verdict.Episodes) == 0 {
		return
	}
	v.section("不达标时段", "Episodes")
	byLength := slices.Clone(v.verdict.Episodes)
	slices.SortStableFunc(byLength, func(a, b compliance.Episode) int { return cmp.Compare(b.Below, a.Below) })
	least := byLength[min(shownEpisodes, len(byLength))-1].Below
	hidden := 0
	for _, e := range v.verdict.Episodes {
		if !all && e.Below < least && len(e.Tests) == 0 && len(e.Confirmations) == 0 {
			hidden++
			continue
		}
		v.printf("  %s  %s – %s  %s\n", e.Room, v.local(e.Hull.Start), v.local(e.Hull.End), v.episodeStatus(e.Status))
		v.reasons(v.tileReasons(e))
		v.reasons(e.Because)
	}
	if hidden > 0 {
		v.printf(v.in("  另有 %d 段较短的疑似不达标；--all 全部列出\n", "  and %d shorter ones that nothing has decided; --all lists them\n"), hidden)
	}
}

// tileReasons is why the episode's longest tile is below.
func (v *view) tileReasons(e compliance.Episode) []compliance.Step {
	var longest *compliance.Tile
	room, tile := 0, 0
	for r := range v.verdict.Rooms {
		if v.verdict.Rooms[r].Room != e.Room {
			continue
		}
		tiles := v.verdict.Rooms[r].Tiles
		for i := range tiles {
			t := &tiles[i]
			if t.Status == compliance.Below && t.Start >= e.Hull.Start && t.End <= e.Hull.End &&
				(longest == nil || t.Length() > longest.Length()) {
				longest, room, tile = t, r, i
			}
		}
	}
	if longest == nil {
		return nil
	}
	return v.verdict.RoomBecause(room, tile)
}

func (v *view) episodeStatus(s compliance.EpisodeStatus) string {
	words := map[compliance.EpisodeStatus]compliance.Words{
		compliance.Suspected:     {ZH: "疑似", EN: "suspected"},
		compliance.Confirmed:     {ZH: "已确认", EN: "confirmed"},
		compliance.Dismissed:     {ZH: "已排除", EN: "dismissed"},
		compliance.PartlyDecided: {ZH: "部分认定", EN: "partly decided"},
	}
	return words[s].In(v.lang)
}

func (v *view) tests() {
	if len(v.verdict.Tests) == 0 {
		return
	}
	v.section("检测", "Tests")
	for _, t := range v.verdict.Tests {
		v.reasons(t.Because)
	}
}

// claims tells of exemptions that were claimed, and of readings that came too late to stand.
func (v *view) claims() {
	if len(v.verdict.Claims) > 0 {
		v.section("主张的免责事项", "Exemptions claimed")
	}
	for _, c := range v.verdict.Claims {
		v.printf("    %-9s %s  %s – %s  %s\n", c.Clause, c.ID, v.local(c.Span.Start), v.local(c.Span.End),
			map[bool]string{true: v.in("已举证", "proved"), false: v.in("未举证", "not proved")}[c.Proved])
	}
	if len(v.conflicts) > 0 {
		v.section("冲突的读数（先收到者为准）", "Conflicting readings (the first received stands)")
	}
	for _, c := range v.conflicts {
		v.printf("    %s  %s  %v °C ← %v °C\n", c.room, v.local(c.Later.At), c.Stands.Judged(), c.Later.Judged())
	}
}

// money is the bill line by line.
func (v *view) money() {
	if v.bill == nil {
		return
	}
	v.section("账单", "Bill")
	for _, s := range v.bill.Because {
		v.printf("    %-9s %s\n", s.Clause, s.Say(billing.RuleWords(), v.lang, v.policy.Zone))
	}
}
