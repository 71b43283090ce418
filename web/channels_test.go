package web

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/nuanju/nuanju/configs"
)

// A bank's file in GBK, with columns of its own and amounts in fen, is taken over as the settings say; so is one in our own columns.
func TestPaymentsOfAConfiguredChannel(t *testing.T) {
	h := billed(t)
	settings, problems := configs.ParseSettings("my.yaml", []byte(strings.Replace(string(configs.Annotated), "  channels: {}\n", `  channels:
    bank:
      reference: 流水号
      account: 用户编号
      date: 交易日期
      date_form: YYYYMMDD
      amount: 金额
      unit: fen
      encoding: gbk
`, 1)), nil)
	must(t, problems.Err())
	h.options.Channels, h.options.Registry = settings.Channels, newRegistry()
	h.start(t)
	take := func(channel, text string, status int) string {
		t.Helper()
		return want(t, h.ask("billing", "POST", "/api/v1/payments/import?channel="+channel, text, "Content-Type", "text/csv"), status).Body.String()
	}
	file, err := simplifiedchinese.GBK.NewEncoder().String("流水号,交易日期,户名,用户编号,金额\n9001,20151110,张三,Ah1,192000\n9002,20151112,李四,Ah2,5\n")
	must(t, err)
	wrong := take("bank", file+"9003,20151112,\xff,Ah2,5\n", http.StatusUnprocessableEntity)
	if !strings.Contains(wrong, `"line 4"`) || !strings.Contains(wrong, "not GBK") {
		t.Errorf("a line that is not GBK: %s", wrong)
	}
	if got := take("bank", file, http.StatusOK); !strings.Contains(got, `"payments":2,"fen":192005`) {
		t.Error(got)
	}
	take("standard", file, http.StatusUnprocessableEntity)
	take("standard", "reference,account,date,yuan\n9001,Ah1,2015-11-10,1.00\n", http.StatusOK)
	got := want(t, h.ask("resident", "GET", "/api/v1/households/h1/payments?winter=2015", ""), http.StatusOK).Body.String()
	for _, part := range []string{`{"channel":"bank","reference":"9001","account":"Ah1","date":"2015-11-10","fen":192000}`, `"fen":192100}`} {
		if !strings.Contains(got, part) {
			t.Errorf("%s is not in %s", part, got)
		}
	}
}
