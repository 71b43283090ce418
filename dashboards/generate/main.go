// Command generate writes the dashboards' JSON into grafana/dashboards, in the folder that it is started in: one folder a
// language, and one for towns on embedded stores.
//
//	cd dashboards && go run ./generate -desk https://heat.example.org
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nuanju/nuanju/dashboards"
)

func main() {
	desk := flag.String("desk", dashboards.Desk, "the address of the pages that the dashboards link to")
	flag.Parse()
	files, err := dashboards.Files(*desk)
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
	for name, text := range files {
		path := filepath.Join("grafana", "dashboards", filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil {
			err = os.WriteFile(path, text, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}
