package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/compliance/oracle"
)

// oracleCases is how many made-up cases are judged twice; NUANJU_ORACLE_CASES asks for more.
func oracleCases(t *testing.T) int {
	asked := os.Getenv("NUANJU_ORACLE_CASES")
	if asked == "" {
		return 800
	}
	n, err := strconv.Atoi(asked)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Two judges who read the contract independently of each other agree on cases that lie on every edge of it. With
// NUANJU_KEEP, a folder, a case that they differ on is kept there.
func TestTheOracleAgrees(t *testing.T) {
	n := oracleCases(t)
	const parts = 8
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			for i, bad := part, 0; i < n && bad < 3; i += parts {
				if !agrees(t, uint64(i)) {
					bad++
				}
			}
		})
	}
}

func agrees(t *testing.T, seed uint64) bool {
	files := fstest.MapFS{}
	for name, data := range oracle.Generate(seed) {
		files[name] = &fstest.MapFile{Data: data}
	}
	expected, err := oracle.Judge(files)
	if err != nil {
		t.Fatalf("seed %d: the oracle: %v", seed, err)
	}
	c, err := casefile.Read(files, casefile.Options{})
	if err != nil {
		t.Errorf("seed %d: the case cannot be read:\n%v", seed, err)
		return false
	}
	j, err := judgeCase(c, compliance.EN)
	if err != nil {
		t.Errorf("seed %d: %v", seed, err)
		return false
	}
	var out bytes.Buffer
	if err := j.writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	complete(t, seed, j)
	encoded, err := json.Marshal(expected)
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	decode(t, encoded, &want)
	decode(t, out.Bytes(), &got)
	all := differences("", want, got)
	if len(all) == 0 {
		return true
	}
	t.Errorf("seed %d: %d differences, the first: %s", seed, len(all), all[0])
	if folder := os.Getenv("NUANJU_KEEP"); folder != "" {
		files["expected.json"] = &fstest.MapFile{Data: encoded}
		if err := os.CopyFS(filepath.Join(folder, fmt.Sprint(seed)), files); err != nil {
			t.Error(err)
		}
	}
	return false
}

// complete reports sentences that lack a value, in either language, and episodes whose figures their reasons do not bear.
func complete(t *testing.T, seed uint64, j *judgement) {
	v := j.verdict
	var all []compliance.Step
	for i := range v.Tiles {
		all = append(all, v.TileBecause(i)...)
	}
	for r := range v.Rooms {
		for i := range v.Rooms[r].Tiles {
			all = append(all, v.RoomBecause(r, i)...)
		}
	}
	for _, d := range v.Days {
		all = append(all, d.Because...)
	}
	for _, s := range v.Stoppages {
		all = append(all, s.Because...)
	}
	for _, x := range v.Tests {
		all = append(all, x.Because...)
	}
	for _, e := range v.Episodes {
		all = append(all, e.Because...)
		if (len(e.Tests) > 0 || len(e.Confirmations) > 0) && len(e.Because) < 2 {
			t.Errorf("seed %d: an episode of %s does not say what touched it", seed, e.Room)
		}
	}
	for _, s := range all {
		for _, lang := range []compliance.Lang{compliance.ZH, compliance.EN} {
			if said := s.Say(compliance.RuleWords(), lang, j.policy.Zone); strings.ContainsAny(said, "{}–") || said == string(s.Rule) {
				t.Errorf("seed %d: %s lacks something: %s", seed, s.Rule, said)
			}
		}
	}
}
