package configs_test

import (
	"strings"
	"testing"

	"github.com/nuanju/nuanju/configs"
)

func TestRoles(t *testing.T) {
	servers := []string{
		"NUANJU_LOG=postgres://u@db/n", "NUANJU_LEDGER=postgres://u@db/n", "NUANJU_STORE_KIND=influx", "NUANJU_STORE_URL=http://db:8086", "NUANJU_STORE_BUCKET=b",
	}
	for text, want := range map[string]string{
		"web,ingest,checker": "web,ingest,checker", "checker": "checker", "ingest, web": "web,ingest", "web": "web",
	} {
		s, problems := configs.DefaultSettings(append(servers, "NUANJU_ROLES="+text))
		if problems != nil || s.Roles.String() != want || s.Embedded() {
			t.Errorf("%q: %v, %v", text, s, problems)
		}
	}
	for text, want := range map[string]string{"web,judge": "want some of web, ingest, checker", "web,": "want some of"} {
		if _, problems := configs.DefaultSettings(append(servers, "NUANJU_ROLES="+text)); !strings.Contains(problems.Error(), want) {
			t.Errorf("%q: %v", text, problems)
		}
	}
	for _, embedded := range []int{0, 1, 2} {
		some := append([]string{"NUANJU_ROLES=web"}, servers...)
		some = append(some[:1+embedded], some[2+embedded:]...)
		if embedded == 2 {
			some = append(servers[:2:2], "NUANJU_ROLES=web")
		}
		if _, problems := configs.DefaultSettings(some); problems == nil || !strings.Contains(problems.Error(), "embedded stores one server") {
			t.Errorf("%v: %v", some, problems)
		}
	}
}
