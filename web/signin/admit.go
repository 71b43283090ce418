package signin

import (
	"context"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// AdmitStaff makes a session of an account, by its id, without its password, and returns the secret for the cookie. It is for whoever has
// made the account and its owner up: nuanju demo, whose links sign in. Nothing that the API serves comes here, nor to AdmitResident.
func (d *Door) AdmitStaff(ctx context.Context, account string) (secret string, err error) {
	return d.begin(ctx, ledger.Session{Account: account, Idle: staffIdle}, staffMost)
}

// AdmitResident signs in whom a contract, or its resident, names: by a code as Ask makes it and Answer takes it, which goes nowhere
// else. ErrRefused without such a person.
func (d *Door) AdmitResident(ctx context.Context, account, name string) (secret string, err error) {
	phone, err := d.o.Store.PhoneOf(ctx, account, name)
	if err != nil {
		return "", err
	}
	if phone == "" {
		return "", ErrRefused
	}
	now := d.o.Clock()
	challenge, code := newSecret(), newCode()
	if err := d.o.Store.CreateCode(ctx, ledger.Code{
		Challenge: hashOf(challenge), Hash: codeHash(challenge, code), Account: account, Name: name, Phone: phone,
		CreatedAt: sensors.At(now), ExpiresAt: sensors.At(now.Add(CodeGoodFor)),
	}); err != nil {
		return "", err
	}
	if name, phone, err = d.o.Store.UseCode(ctx, hashOf(challenge), codeHash(challenge, code), sensors.At(now)); err != nil {
		return "", err
	}
	return d.begin(ctx, ledger.Session{Name: name, Phone: phone, Idle: residentIdle}, residentMost)
}
