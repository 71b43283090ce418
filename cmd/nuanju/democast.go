package main

import (
	"fmt"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/simulate"
)

// The homes of the story. Doors ending in 02 of building 1 hang on its riser 2, those ending in 03 of building 2 on its riser 3.
const (
	homeNow        = "b1-302" // cold now, on a riser that is blocked; a report waits for a reply
	homeVulnerable = "b1-402" // likewise, with an old couple; the reply is overdue
	homeWaiting    = "b1-502" // likewise, replied to; somebody is to come
	homeUnsensed   = "b3-502" // has no thermometers
	homeTested     = "b3-301" // two testers disagree, and it is disputed
	homeDrifting   = "b3-203" // a thermometer that reads too low
	homeConfirmed  = "b2-303" // cold when the other riser was blocked: both sides confirmed it
	homeContested  = "b2-203" // likewise: the supplier contested it, and the report was opened again
	homeWindow     = "b2-101" // an open window: the supplier claims, the resident contests
	homeRefused    = "b3-104" // nobody was let in: claimed without proof
	homeLeaking    = "b3-201" // had a leak
	homeLeft       = "b2-404" // whose tenant moved out
	homeQuiet      = "b3-403" // withdrew a report
	homeAway       = "b1-401" // switched off for a night
)

// person is somebody who acts.
type person struct {
	role        disputes.Role
	name, phone string
	account     string // its id, of staff; empty: a resident
	household   string // of a resident
	number      string // the account number of their contract, likewise
	scope       ledger.Scope
	zh, en      string // what their link is called
}

// institution is who the testers are of.
type institution struct{ id, name, serial, certificate string }

// cast is who acts.
type cast struct {
	dispatcher, colleague, tester, rival, billing, mediator, auditor, admin *person

	residents map[string]*person // by household
	newcomer  *person            // who moved in
	daughter  *person            // a delegate
	trusted   institution        // whom residents ask
	other     institution        // whom the supplier asks
}

// assemble makes everybody up. Their numbers begin with 100, as no telephone's do.
func (c *cast) assemble(town *simulate.Town) {
	c.trusted = institution{"chengdong", "城东室温检测中心（虚构）", "T-0701", "J-2207"}
	c.other = institution{"rener", "热二检测站（虚构）", "R-118", "J-3119"}
	c.dispatcher = &person{role: disputes.Dispatcher, name: "dispatch-wang", zh: "调度员", en: "dispatcher"}
	c.colleague = &person{role: disputes.Dispatcher, name: "dispatch-li", zh: "夜班调度员", en: "dispatcher at night"}
	c.tester = &person{
		role: disputes.Tester, name: "tester-zhao", scope: ledger.Scope{Institution: c.trusted.id}, zh: "检测员", en: "tester",
	}
	c.rival = &person{role: disputes.Tester, name: "tester-qian", scope: ledger.Scope{Institution: c.other.id}}
	c.billing = &person{role: disputes.Billing, name: "billing-sun", zh: "收费员", en: "billing"}
	c.mediator = &person{role: disputes.Mediator, name: "mediator-zhou", zh: "调解员", en: "mediator"}
	c.auditor = &person{role: disputes.Auditor, name: "auditor-wu", zh: "监管、审计", en: "regulator, auditor"}
	c.admin = &person{role: disputes.Admin, name: "admin-zheng", zh: "管理员", en: "administrator"}
	surnames := []rune("陈刘杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯")
	c.residents = map[string]*person{}
	numbers := map[string]string{}
	for i, h := range town.Registry().Households {
		title := []string{"女士", "先生"}[i%2]
		numbers[h.ID] = h.Account
		c.residents[h.ID] = &person{
			role: disputes.Resident, household: h.ID, number: h.Account, name: string(surnames[i%len(surnames)]) + title + fmt.Sprintf("（%s）", h.ID), phone: fmt.Sprintf("100%08d", i+1),
		}
	}
	c.residents[homeNow].zh, c.residents[homeNow].en = "居民，家中有温度计（"+homeNow+"）", "resident with thermometers ("+homeNow+")"
	c.residents[homeUnsensed].zh, c.residents[homeUnsensed].en = "居民，家中没有温度计（"+homeUnsensed+"）", "resident without ("+homeUnsensed+")"
	c.newcomer = &person{role: disputes.Resident, household: homeLeft, number: numbers[homeLeft], name: "新住户（" + homeLeft + "）", phone: "10000000901"}
	c.daughter = &person{role: disputes.Resident, household: homeNow, number: numbers[homeNow], name: "女儿（" + homeNow + "）", phone: "10000000902"}
}

// staff is everybody with an account.
func (c *cast) staff() []*person {
	return []*person{c.dispatcher, c.colleague, c.tester, c.rival, c.billing, c.mediator, c.auditor, c.admin}
}

// people is everybody whom a link signs in as.
func (c *cast) people() []*person {
	return []*person{
		c.residents[homeNow], c.residents[homeUnsensed], c.dispatcher, c.tester, c.billing, c.mediator, c.auditor, c.admin,
	}
}
