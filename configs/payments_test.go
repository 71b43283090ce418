package configs_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/billing/reconcile"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
)

const noChannels = "  channels: {}\n"

// withChannels is the settings with these channels of payment, and the line of the first of them.
func withChannels(t *testing.T, channels string) (settings []byte, first int) {
	t.Helper()
	before, after, ok := strings.Cut(string(configs.Annotated), noChannels)
	if !ok {
		t.Fatalf("the settings do not have %q", noChannels)
	}
	return []byte(before + "  channels:\n" + channels + after), strings.Count(before, "\n") + 2
}

// The example in the settings is one that can be used: without its comment signs it is two channels.
func TestTheExampleOfChannelsWorks(t *testing.T) {
	s, problems := configs.DefaultSettings(nil)
	if problems != nil || s.Channels != nil {
		t.Fatal(problems, s.Channels)
	}
	text := strings.Replace(string(configs.Annotated), noChannels, "", 1)
	before, example, ok := strings.Cut(text, "  # channels:\n")
	if !ok {
		t.Fatal("there is no example")
	}
	example = "  channels:\n" + strings.ReplaceAll(example, "\n  #   ", "\n    ")
	example = strings.Replace(example, "  #   wechat", "    wechat", 1)
	s, problems = configs.ParseSettings("nuanju.yaml", []byte(before+example), nil)
	if problems != nil {
		t.Fatal(problems)
	}
	want := []reconcile.Channel{
		{
			Name: "wechat", Reference: "微信订单号", Account: "商户数据包", Date: "交易时间", Amount: "订单金额",
			DateForm: "2006-01-02", Unit: reconcile.Yuan, Encoding: reconcile.UTF8,
		}, {
			Name: "bank", Reference: "流水号", Account: "用户编号", Date: "交易日期", Amount: "金额",
			DateForm: "20060102", Unit: reconcile.Fen, Encoding: reconcile.GBK,
		},
	}
	if !reflect.DeepEqual(s.Channels, want) {
		t.Errorf("got\n%+v\nwant\n%+v", s.Channels, want)
	}
}

// Settings of before there were channels are as good as ever.
func TestChannelsMayBeLeftOut(t *testing.T) {
	text := strings.Replace(string(configs.Annotated), "payments:\n"+noChannels, "", 1)
	if s, problems := configs.ParseSettings("nuanju.yaml", []byte(text), nil); problems != nil || s.Channels != nil {
		t.Error(problems, s)
	}
}

// Every mistake is told with its file, line and key, all at once.
func TestMistakesInChannels(t *testing.T) {
	const rest = ", unit: yuan, encoding: utf-8}\n"
	const columns = "reference: r, account: a, date: d, amount: m"
	tests := map[string]struct {
		channels string
		want     []string // each is of the line that it begins with, 0 the first of the channels
	}{
		"nothing is there": {"    bank: {}\n", []string{
			`0 payments.channels.bank: missing key "reference"`, `0 payments.channels.bank: missing key "account"`, `0 payments.channels.bank: missing key "date"`,
			`0 payments.channels.bank: missing key "amount"`, `0 payments.channels.bank: missing key "unit"`, `0 payments.channels.bank: missing key "encoding"`,
		}},
		"several channels": {
			"    bank: {" + columns + ", unit: yuan, encoding: latin-1}\n    post: {" + columns + ", unit: jiao, encoding: gbk}\n",
			[]string{
				`0 payments.channels.bank.encoding: want one of utf-8, gbk, got latin-1`,
				`1 payments.channels.post.unit: want one of yuan, fen, got jiao`,
			},
		},
		"nearly": {"    bank: {" + columns + ", unit: Fen, encoding: utf8}\n", []string{
			`0 payments.channels.bank.unit: want one of yuan, fen, got Fen; did you mean "fen"?`,
			`0 payments.channels.bank.encoding: want one of utf-8, gbk, got utf8; did you mean "utf-8"?`,
		}},
		"an unknown key": {
			"    bank:\n      referense: r\n      reference: r\n      account: a\n      date: d\n      amount: m\n      unit: yuan\n      encoding: gbk\n",
			[]string{`1 payments.channels.bank: unknown key "referense"; did you mean "reference"?`},
		},
		"a date form of Go's": {"    bank: {" + columns + ", date_form: 2006-01-02" + rest, []string{
			`0 payments.channels.bank.date_form: want one of YYYY-MM-DD, YYYY/MM/DD, YYYYMMDD, YYYY年MM月DD日, got 2006-01-02`,
		}},
		"one column for two": {"    bank:\n      reference: r\n      account: r\n      date: d\n      amount: d\n      unit: yuan\n      encoding: gbk\n", []string{
			`2 payments.channels.bank.account: column "r" is that of reference already`, `4 payments.channels.bank.amount: column "d" is that of date already`,
		}},
		"no headers": {"    bank: {reference: 7, account: '', date: ' d', amount: " + strings.Repeat("金", 50) + rest, []string{
			`0 payments.channels.bank.reference: want a text, got 7: put it in quotes`, `0 payments.channels.bank.account: want a text, got an empty one`,
			`0 payments.channels.bank.date: " d" has spaces around it; headers are compared without`,
			`0 payments.channels.bank.amount: a header of more than 128 bytes`,
		}},
		"a name that is taken": {"    standard: {" + columns + rest + "    " + ledger.CarriedOver + ": {" + columns + rest, []string{
			`0 payments.channels: "standard" is a channel that the program has itself; take another name`,
			`1 payments.channels: "carry_over" is a channel that the program has itself; take another name`,
		}},
		"no name":       {"    ' bank': {" + columns + rest, []string{`0 payments.channels: " bank" cannot name a channel: id " bank" begins or ends with a space`}},
		"a name twice":  {"    bank: {" + columns + rest + "    bank: {" + columns + rest, []string{`1 payments.channels: key "bank" again`}},
		"no mapping":    {"    bank: gbk\n", []string{`0 payments.channels.bank: want a mapping, got gbk`}},
		"a list":        {"    - bank\n", []string{`-1 payments.channels: want a mapping, got a list`}},
		"nothing":       {"", []string{`-1 payments.channels: has no value; want a mapping`}},
		"far too many":  {manyChannels(51, columns+rest), []string{`-1 payments.channels: 51 channels are more than 50`}},
		"just not that": {manyChannels(50, columns+rest), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, first := withChannels(t, test.channels)
			_, problems := configs.ParseSettings("my.yaml", b, nil)
			for _, want := range test.want {
				var line int
				_, _ = fmt.Sscanf(want, "%d", &line)
				_, text, _ := strings.Cut(want, " ")
				want = fmt.Sprintf("my.yaml:%d: %s", first+line, text)
				if !slices.ContainsFunc(problems, func(p configs.Problem) bool { return strings.HasPrefix(p.String(), want) }) {
					t.Errorf("want\n%s among\n%v", want, problems)
				}
			}
			if len(problems) != len(test.want) {
				t.Errorf("want %d problems, got\n%v", len(test.want), problems)
			}
		})
	}
}

func manyChannels(n int, rest string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "    bank%d: {%s", i, rest)
	}
	return b.String()
}
