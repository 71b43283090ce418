package reconcile_test

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/nuanju/nuanju/billing/reconcile"
)

func TestReadsAChannelsOwnColumns(t *testing.T) {
	alipay := reconcile.Channel{Name: "alipay", Reference: "商户订单号", Account: "户号", Date: "付款时间", Amount: "金额（元）", DateForm: "2006/01/02", Unit: reconcile.Yuan}
	rows, problems := reconcile.Read(alipay, []byte("\ufeff序号,商户订单号,付款时间,户号,金额（元）\n1,`2015110001\t,2015/11/10 08:31:00,A-1,\"2,148.00\"\n2,2015110002,2015/12/31,A-2,0.01\n"))
	if problems != nil {
		t.Fatal(problems)
	}
	if got := fmt.Sprint(rows); got != "[{2 2015110001 A-1 2015-11-10 2148.00} {3 2015110002 A-2 2015-12-31 0.01}]" {
		t.Error(got)
	}
}

// bank is a channel of files as a Chinese bank's programs write them.
func bank() reconcile.Channel {
	return reconcile.Channel{
		Name: "bank", Reference: "流水号", Account: "用户编号", Date: "交易日期", Amount: "金额", DateForm: "20060102", Unit: reconcile.Fen, Encoding: reconcile.GBK,
	}
}

func gbk(t testing.TB, s string) []byte {
	t.Helper()
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func told(problems []reconcile.Problem) (all []string) {
	for _, p := range problems {
		all = append(all, fmt.Sprintf("%d: %s", p.Line, p.What))
	}
	return all
}

func TestReadsGBKAndFen(t *testing.T) {
	text := gbk(t, "流水号,交易日期,用户编号,户名,金额\r\n9001,20151110,户-1,张三,214800\r\n9002,20151231,户-2,李四,\"1,000\"\r\n")
	rows, problems := reconcile.Read(bank(), text)
	if problems != nil {
		t.Fatal(problems)
	}
	if got := fmt.Sprint(rows); got != "[{2 9001 户-1 2015-11-10 2148.00} {3 9002 户-2 2015-12-31 10.00}]" {
		t.Error(got)
	}
	_, problems = reconcile.Read(bank(), gbk(t, "流水号,交易日期,用户编号,金额\n1,20151110,A,10.5\n2,20151110,A,ten\n3,20151110,A,100000001\n4,2015-11-10,A,100000000\n"))
	want := []string{
		`2: 金额: "10.5" is not a whole number of fen`, `3: 金额: "ten" is not an amount of fen such as 214800`,
		`4: 金额: "100000001" is more than 1000000 yuan`, `5: 交易日期: "2015-11-10" is not a day such as 20151110`,
	}
	if got := told(problems); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// A file in another encoding than its channel's is refused with the lines that show it; nothing in it is guessed.
func TestLinesOfAnotherEncodingAreTold(t *testing.T) {
	header := string(gbk(t, "流水号,交易日期,用户编号,金额\n"))
	for _, test := range []struct {
		channel reconcile.Channel
		text    string
		want    []string
	}{
		{bank(), header + "1,20151110,A,1\n2,20151110,\xff,1\n3,20151110,A,1\n4,20151110,A\x81,1\n", []string{"3: the line is not GBK", "5: the line is not GBK"}},
		{bank(), header + "1,20151110,A,1\xd6\n2,20151110,A,1\n", []string{"2: the line is not GBK"}},                 // half a character before the line's end
		{bank(), header + "1,20151110,A,1\xd6", []string{"2: the line is not GBK"}},                                   // and before the file's
		{bank(), header + "1,20151110,\x81\x30\x81\x30,1\n", []string{"2: the line is not GBK"}},                      // GB 18030
		{bank(), "\ufeff流水号,交易日期,用户编号,金额\n", []string{"1: the file is marked as UTF-8, the channel's files are GBK"}}, // UTF-8
		{reconcile.Standard(), "reference,account,date,yuan\nr1,A1,2015-11-10,10.00\n" + header, []string{"3: the line is not UTF-8"}},
	} {
		rows, problems := reconcile.Read(test.channel, []byte(test.text))
		if got := told(problems); rows != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: got %d rows and %q, want %q", test.text, len(rows), got, test.want)
		}
	}
	if rows, problems := reconcile.Read(bank(), []byte("流水号,交易日期,用户编号,金额\n1,20151110,A,1\n")); rows != nil || problems == nil {
		t.Errorf("UTF-8 without a mark was read as GBK: %v", rows)
	}
}

// Every mistake is told at its line, and then there are no payments.
func TestEveryMistakeIsTold(t *testing.T) {
	rows, problems := reconcile.Read(reconcile.Standard(), []byte(`reference,account,date,yuan
r1,A1,2015-11-10,10.00
r1,A1,2015-11-10,10.00
,A1,2015-11-10,10.00
r3,,2015-02-30,10.001
r4,A1,2015-11-10,0
r5,A1,2015-11-10,-5
r6,A1,2015-11-10
r7,A1,10.11.2015,1e3
r8,A1,2015-11-10,1000000.01
`))
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d: %s", p.Line, p.What))
	}
	want := []string{
		`3: reference: "r1" is in line 2 already`,
		`4: reference: id is empty`,
		`5: account: id is empty`,
		`5: date: "2015-02-30" is not a day such as 2015-11-10`,
		`5: yuan: "10.001" is not a whole number of fen`,
		`6: yuan: "0" is not more than 0`,
		`7: yuan: "-5" is not more than 0`,
		`8: it has 3 cells, the header has 4`,
		`9: date: "10.11.2015" is not a day such as 2015-11-10`,
		`9: yuan: "1e3" is not an amount of yuan such as 2148.00`,
		`10: yuan: "1000000.01" is more than 1000000 yuan`,
	}
	if rows != nil || !slices.Equal(got, want) {
		t.Errorf("%d rows; got\n%q\nwant\n%q", len(rows), got, want)
	}
	for text, want := range map[string]string{
		"":                              "the file has no header",
		"reference,account,date\n":      `column "yuan" is missing`,
		"reference,account,date,yuan\n": "the file has no payments",
		"reference,account,date,yuan,yuan\nr,A,2015-11-10,1,1\n": `column "yuan" is there twice`,
		"reference,account,date,yuan\n\"r,A\n":                   "the line is not CSV",
		"\xff":                                                   "the line is not UTF-8",
	} {
		rows, problems := reconcile.Read(reconcile.Standard(), []byte(text))
		if rows != nil || len(problems) == 0 || problems[0].What != want {
			t.Errorf("%q: %v %v, want %q", text, rows, problems, want)
		}
	}
}

// Whatever a channel sends, there are payments or problems and never both, and every payment is one that could be.
func FuzzRead(f *testing.F) {
	f.Add([]byte("reference,account,date,yuan\nr1,A1,2015-11-10,10.00\n"))
	f.Add([]byte("\ufeffreference,account,date,yuan\n\"r\n1\",A1,2015-11-10 08:00,\"1,000\"\n"))
	f.Add(gbk(f, "流水号,交易日期,用户编号,金额\n9001,20151110,户-1,214800\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, channel := range []reconcile.Channel{reconcile.Standard(), bank()} {
			rows, problems := reconcile.Read(channel, text)
			if (len(rows) == 0) == (len(problems) == 0) {
				t.Fatalf("%d rows and %d problems", len(rows), len(problems))
			}
			seen := map[string]bool{}
			for _, r := range rows {
				if r.Fen <= 0 || r.Reference == "" || r.Account == "" || r.Date == 0 || seen[r.Reference] {
					t.Fatalf("%+v", r)
				}
				seen[r.Reference] = true
			}
		}
	})
}
