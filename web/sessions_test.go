package web

func sessionTrials() map[string]trial {
	const all = "gateway sensor dispatcher building2 auditor admin resident neighbour nowhere billing tester mediator"
	return map[string]trial{
		"POST /api/v1/session":      {may: "anybody", ask: at("/api/v1/session", `{"challenge":"x"}`)}, // refused for its form, not for who asks
		"POST /api/v1/session/code": {may: "anybody", ask: at("/api/v1/session/code", `{"account":"A-nobody","name":"x"}`)},
		"GET /api/v1/session":       {may: all, former: true},
		"DELETE /api/v1/session":    {may: all, former: true, delegates: "delegate reporter"},
	}
}
