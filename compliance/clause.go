package compliance

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"runtime"
	"strings"
)

// Clause is the id of a clause of the contract: A7.2.2.4 is Article 7, part 2, item 2, exemption 4. The same ids stand
// in code, verdicts, letters and tests.
type Clause string

// The clauses that judge temperature.
const (
	A2       Clause = "A2"
	A3       Clause = "A3"
	A722     Clause = "A7.2.2"
	A7221    Clause = "A7.2.2.1"
	A7222    Clause = "A7.2.2.2"
	A7223    Clause = "A7.2.2.3"
	A7224    Clause = "A7.2.2.4"
	A7225    Clause = "A7.2.2.5"
	A13      Clause = "A13"
	noClause Clause = ""
)

// Article is one clause in words, and where it stands in the code.
type Article struct {
	Clause Clause
	Title  Words
	Plain  Words // the rule in plain words, not the contract's text
	// Rules are the functions that compute the clause. Empty only where Uncomputed says why nothing does.
	Rules      []any
	Uncomputed Words
	// Files holds the clause's scenarios in testdata/CLAUSE/*.txtar.
	Files fs.FS
}

//go:embed testdata
var testdata embed.FS

// Scenario is a small case that shows a clause firing or not firing.
type Scenario struct {
	File  string // below the module's root
	Title string
	Fires bool
}

// Scenarios lists the clause's scenarios by file name. It is an error if one does not say what it shows.
func (a Article) Scenarios() ([]Scenario, error) {
	names, err := fs.Glob(a.Files, "testdata/"+string(a.Clause)+"/*.txtar")
	if err != nil || len(names) == 0 {
		return nil, err
	}
	out := make([]Scenario, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(a.Files, name)
		if err != nil {
			return nil, err
		}
		if out[i], err = scenarioHead(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		pkg, _, _ := strings.Cut(a.Places()[0], "/")
		out[i].File = path.Join(pkg, name)
	}
	return out, nil
}

// scenarioHead reads the title in the first line, and the line "fires: yes" or "fires: no", before the first file.
func scenarioHead(text string) (Scenario, error) {
	head, _, _ := strings.Cut(text, "\n-- ")
	title, rest, _ := strings.Cut(head, "\n")
	s := Scenario{Title: strings.TrimSpace(title)}
	for line := range strings.Lines(rest) {
		if answer, ok := strings.CutPrefix(strings.TrimSpace(line), "fires: "); ok && s.Title != "" {
			s.Fires = answer == "yes"
			if s.Fires || answer == "no" {
				return s, nil
			}
		}
	}
	return s, fmt.Errorf("a scenario begins with its title and a line \"fires: yes\" or \"fires: no\"")
}

// InContractOrder compares clause ids as the contract orders them: by the numbers in them.
func InContractOrder(a, b Clause) int {
	x, y := strings.Split(string(a), "."), strings.Split(string(b), ".")
	for i := range min(len(x), len(y)) {
		if c := cmp.Or(cmp.Compare(len(x[i]), len(y[i])), cmp.Compare(x[i], y[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}

// Places is where the clause's rules begin, as FILE:LINE below the module's root.
func (a Article) Places() []string {
	out := make([]string, len(a.Rules))
	for i, rule := range a.Rules {
		f := runtime.FuncForPC(reflect.ValueOf(rule).Pointer())
		file, line := f.FileLine(f.Entry())
		pkg, _, _ := strings.Cut(path.Base(f.Name()), ".")
		out[i] = fmt.Sprintf("%s/%s:%d", pkg, path.Base(strings.ReplaceAll(file, "\\", "/")), line)
	}
	return out
}

// Articles is the clauses whose rules are in this package, in contract order.
func Articles() []Article {
	articles := []Article{
		{
			Clause: A2, Title: Words{"采暖季", "The season"}, Rules: []any{Season.In, Season.Winter},
			Plain: Words{
				"采暖季自首日当地 00:00 起，至末日 24:00 止，首末两日均计入；法定为 11 月 15 日至次年 3 月 15 日，可由政府延长或缩短，也可另行约定。",
				"The season runs from 00:00 local of its first day to 24:00 of its last, both included. The statutory one is 15 November to 15 March; the government may change it, a contract may agree another.",
			},
		},
		{
			Clause: A3, Title: Words{"供热标准", "The standard"},
			Rules: []any{(*judge).demandOver, (*judge).owed, (*judge).rawThreshold, (*judge).thresholdAt, run},
			Plain: Words{
				"卧室、起居室温度应不低于 18 °C（用热人设定更低时按设定值）；开启采暖设施后 12 小时内达到。调高设定值后的高出部分同样给 12 小时。读数按收到的数值判定，不取整，最多代表 90 分钟。",
				"Bedrooms and living rooms reach 18 °C, or the resident's lower setting, within 12 hours of switching on; a raised setting is owed 12 hours later. Readings are judged as received, never rounded, and speak for at most 90 minutes.",
			},
		},
		{
			Clause: A722, Title: Words{"不达标的确认与按零计量", "Failing time: confirmed, then billed as zero"},
			Rules: []any{(*judge).decide, (*judge).find, (*judge).rival, (*judge).decidePayer, vouchedSpan, (*judge).unsensed},
			Plain: Words{
				"传感器读数只构成疑似；双方共同确认或第三方检测才能确认。检测以用热人委托的为先，其次共同委托，再次供热人委托；24 小时内同一房间的后位检测被取代。确认的不达标时间内用热按零计。",
				"Sensors only raise suspicion: both sides together or a third-party test confirm. The resident's tester comes before a joint one before the supplier's; a lower test of the same room within 24 hours is set aside. Heat used in confirmed failing time counts as zero.",
			},
		},
		{
			Clause: A7221, Title: Words{"用热人自身原因", "The resident's own doing"}, Rules: []any{(*judge).exemptions},
			Plain: Words{
				"用热人擅自改动房屋或采暖设施、扩大用热面积或破坏保温的，经供热人举证，该段时间免责；只主张不举证，不免责。",
				"Rooms or fixtures altered, the heated area enlarged or insulation spoiled by the resident: exempt for the time that the supplier proves. A claim without proof exempts nothing.",
			},
		},
		{
			Clause: A7222, Title: Words{"拒绝入户", "Refused entry"}, Rules: []any{(*judge).exemptions},
			Plain: Words{
				"用热人拒绝供热人入户检查维修的，经举证，该段时间免责。",
				"The resident refused entry for inspection or repair: exempt for the time that is proved.",
			},
		},
		{
			Clause: A7223, Title: Words{"政府限供", "Rationing by government"}, Rules: []any{(*judge).exemptions},
			Plain: Words{
				"政府限供气、电、水的，经举证，该段时间免责。",
				"Gas, power or water rationed by government: exempt for the time that is proved.",
			},
		},
		{
			Clause: A7224, Title: Words{"室外严寒", "Severe cold outside"}, Rules: []any{(*judge).outdoorDays, (*judge).observedDay, nearest},
			Plain: Words{
				"室外日平均温度低于 −7.6 °C 的当地日全天免责，恰为 −7.6 °C 不免责。日平均取 02、08、14、20 时四次观测（±30 分钟内最近者）；缺任何一次则不确定、不免责；当日结束前为暂定；官方日值优先。",
				"A local day whose outdoor mean is strictly below −7.6 °C is exempt; exactly −7.6 is not. The mean is of the observations nearest to 02, 08, 14 and 20 h, within 30 minutes; one missing leaves the day undetermined and not exempt, and so does a day that has not ended. An official value takes precedence.",
			},
		},
		{
			Clause: A7225, Title: Words{"计划检修", "Planned maintenance"}, Rules: []any{(*judge).stoppages, (*judge).exemptSpans},
			Plain: Words{
				"开始之前公告、不超过 6 小时（恰 6 小时可）、属本采暖季前三次、并有记录的检修停供免责；超过 6 小时的全部不免责，其后升温时间不免责。",
				"A stoppage announced before it starts, at most 6 hours long (exactly 6 counts), among the first three of the season and with its record is exempt. One that is longer is not exempt at all, nor is the reheating after one.",
			},
		},
		{
			Clause: A13, Title: Words{"强制性规定", "Mandatory law"}, Rules: []any{lawStep},
			Plain: Words{
				"地方强制性规定优先于合同约定：规定的温度高于合同约定的，按规定判定，结论一并引用两者；合同约定更高的，从其约定。",
				"Mandatory local law goes before the contract: where it sets a higher standard, that is owed and the verdict cites both; a contract that promises more keeps its word.",
			},
		},
	}
	for i := range articles {
		articles[i].Files = testdata
	}
	return articles
}
