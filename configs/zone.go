package configs

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"io"
	"time"
)

// zoneinfo is the IANA time zone database, which is in the public domain, as Go distributes it. It is read here and not
// by time.LoadLocation, which asks an environment variable and the machine's files before the time/tzdata that a program
// links in: the machine must not decide where a day of the contract begins, and its owner is a party to the dispute.
//
//go:embed zoneinfo.zip
var zoneinfo []byte

// maxZone bounds what one zone unpacks to, in bytes; the largest has about 3 kB.
const maxZone = 1 << 16

// zoneNamed is the zone of that IANA name, or nil if there is none.
func zoneNamed(name string) *time.Location {
	if name == "UTC" {
		return time.UTC
	}
	archive, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		return nil
	}
	f, err := archive.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxZone))
	if err != nil {
		return nil
	}
	zone, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil
	}
	return zone
}
