package desk_test

import (
	"net/http"
	"net/url"
	"testing"
)

// Whoever makes bills sees what settling comes to before anything is written, and every mistake of a file of payments by its line.
func TestBillingWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("qian", "billing")
	s.Start()
	b := s.enter("qian")
	b.open("/billing", http.StatusOK)
	b.shows("结算一个冬季", "导入缴费", "没有欠费")
	b.send("/billing/settlements", url.Values{"winter": {"2015"}, "dry": {"true"}}, http.StatusOK)
	b.shows("试运行：结算结果", "未能出账的住户")
	b.send("/billing/settlements", url.Values{"winter": {"2015"}, "dry": {"true"}, "households": {"nobody"}}, anyStatus)
	if b.status == http.StatusInternalServerError {
		t.Errorf("a home that is not there: %s", b.text())
	}
	b.open("/billing", http.StatusOK)
	b.upload("/billing/payments", map[string]string{"dry": "true"},
		map[string]string{"file": "reference,account,date,yuan\n1,A-999,2026-11-01,100.00\n2,A-101,soon,x\n"}, http.StatusUnprocessableEntity)
	b.shows("文件未被接受", "line 3: date", "line 3: yuan")
	b.upload("/billing/payments", map[string]string{"dry": "true"},
		map[string]string{"file": "reference,account,date,yuan\n1,A-101,2026-11-01,100.00\n"}, http.StatusOK)
	b.shows("试运行：将导入", "1 笔，合计 100.00 元")
	b.upload("/billing/payments", map[string]string{},
		map[string]string{"file": "reference,account,date,yuan\n1,A-101,2026-11-01,100.00\n"}, http.StatusOK)
	b.shows("已导入")
	b.open("/billing?q=A-101&winter=2026", http.StatusOK)
	b.open(b.link("/billing/homes/101"), http.StatusOK)
	b.shows("合计 100.00 元")
	b.open("/desk", http.StatusForbidden)
	b.open("/lang/en?next=/billing", http.StatusOK)
	b.shows("Settle a winter")
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}
}

// An auditor sees the season in numbers, and changes nothing.
func TestAuditorWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("li", "auditor")
	s.Start()
	b := s.enter("li")
	b.open("/audit", http.StatusOK)
	b.shows("供暖季报告", "four_observations", "beijing", "存证日志")
	for _, path := range []string{
		"/desk/incidents", "/desk/outages", "/desk/exemptions", "/desk/confirmations", "/disputes", "/desk/samplings", "/desk/notices",
		"/desk/homes", "/desk/homes/101", "/desk/devices", "/desk/days", "/desk/handover", "/tests", "/billing", "/audit?q=A-101",
	} {
		b.open(path, http.StatusOK)
		b.hides("公告停热 范围", "登记校准 设备", "结算一个冬季 冬季")
		if keys := b.missing(); len(keys) > 0 {
			t.Errorf("nobody wrote %v", keys)
		}
	}
}
