package dashboards

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Desk is where the pages are when nothing else is said: the address that nuanju listens on.
const Desk = "http://127.0.0.1:8080"

// Files are the boards as Grafana is provisioned with them, by path: LANGUAGE/BOARD.json with InfluxDB, embedded/LANGUAGE/BOARD.json
// without. Desk is the address of the pages that they link to.
func Files(desk string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, set := range []struct {
		folder string
		boards []Board
	}{{"", Boards()}, {"embedded/", Embedded()}} {
		for _, l := range Langs() {
			boards := inLang(set.boards, l)
			for i, b := range boards {
				var text bytes.Buffer
				e := json.NewEncoder(&text)
				e.SetEscapeHTML(false)
				e.SetIndent("", " ")
				if err := e.Encode(b.JSON(l, desk, boards)); err != nil {
					return nil, err
				}
				files[set.folder+string(l)+"/"+strings.TrimPrefix(set.boards[i].UID, "nuanju-")+".json"] = text.Bytes()
			}
		}
	}
	return files, nil
}

// inLang gives the boards of a language uids of their own: links lead to the same language.
func inLang(boards []Board, l Lang) []Board {
	all := make([]Board, len(boards))
	for i, b := range boards {
		b.UID += "-" + string(l)
		panels := make([]Panel, len(b.Panels))
		for j, p := range b.Panels {
			if p.Link != "" {
				p.Link += "-" + string(l)
			}
			panels[j] = p
		}
		b.Panels = panels
		all[i] = b
	}
	return all
}
