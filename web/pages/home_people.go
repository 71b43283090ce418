package pages

import (
	"net/http"
	"net/url"
	"time"
)

// ownDelegation is somebody whom a resident lets see the home.
type ownDelegation struct {
	ID, Name, Phone, By string
	MayReport           bool       `json:"may_report"`
	CreatedAt           time.Time  `json:"created_at"`
	RevokedAt           *time.Time `json:"revoked_at"`
}

type peopleData struct {
	Home   ownHome
	People []ownDelegation
}

// peoplePage is GET /home/{home}/people.
func peoplePage(r *request) error {
	d, err := r.people()
	if err != nil {
		return err
	}
	return r.show("home_people.html", r.say("home.people"), d)
}

func (r *request) people() (d peopleData, err error) {
	if d.Home, err = r.ownHome(); err != nil {
		return d, err
	}
	var list struct{ Delegations []ownDelegation }
	err = r.get(r.of("/delegations"), &list)
	d.People = list.Delegations
	return d, err
}

// invite is POST /home/{home}/people.
func invite(r *request) error {
	body := map[string]any{"name": r.PostForm("name"), "phone": r.PostForm("phone"), "may_report": r.PostForm("may_report") != ""}
	if err := r.post(r.of("/delegations"), body, nil); err != nil {
		d, other := r.people()
		if other != nil {
			return other
		}
		return r.again(err, "home_people.html", r.say("home.people"), d)
	}
	return r.to(r.at("/people"))
}

// revoke is POST /home/{home}/people/{id}/revoke.
func revoke(r *request) error {
	if err := r.send(http.MethodDelete, r.of("/delegations/"+url.PathEscape(r.Param("id"))), nil, nil); err != nil {
		return err
	}
	return r.to(r.at("/people"))
}
