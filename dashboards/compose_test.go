package dashboards_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func project(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithWorkingDirectory(".."), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A town is started from this file at night: what it names must be there, pinned, checked and shut.
func TestCompose(t *testing.T) {
	p := project(t)
	for _, want := range []string{"nuanju", "influxdb", "postgres", "mosquitto", "telegraf", "prometheus", "alertmanager", "grafana"} {
		if _, ok := p.Services[want]; !ok {
			t.Errorf("no service %s", want)
		}
	}
	pinned := regexp.MustCompile(`:v?\d+\.\d+(\.\d+)?(-\w+)?$`)
	published := map[string]bool{"nuanju": true, "grafana": true}
	for name, s := range p.Services {
		if !pinned.MatchString(s.Image) && s.Build == nil {
			t.Errorf("%s: the image %s is not pinned", name, s.Image)
		}
		if s.HealthCheck == nil || len(s.HealthCheck.Test) == 0 {
			t.Errorf("%s has no health check", name)
		}
		if s.Restart == "" || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s: restart %q, security %v", name, s.Restart, s.SecurityOpt)
		}
		if got := len(s.Ports) > 0; got != published[name] {
			t.Errorf("%s publishes %v", name, s.Ports)
		}
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s publishes %s to others without TLS", name, port.Published)
			}
		}
		for variable, value := range s.Environment {
			if secret := regexp.MustCompile(`PASSWORD|TOKEN|SECRET`).MatchString(variable); secret && value != nil && !strings.HasPrefix(*value, "/run/secrets/") {
				t.Errorf("%s: %s is not a file", name, variable)
			}
		}
		for _, v := range s.Volumes {
			switch v.Type {
			case types.VolumeTypeBind:
				if _, err := os.Stat(v.Source); err != nil || !v.ReadOnly {
					t.Errorf("%s: mounts %s: %v, read-only %v", name, v.Source, err, v.ReadOnly)
				}
			case types.VolumeTypeVolume:
				if _, ok := p.Volumes[v.Source]; !ok {
					t.Errorf("%s: no volume %s", name, v.Source)
				}
			}
		}
	}
	if n := p.Services["nuanju"]; !n.ReadOnly || !slices.Contains(n.CapDrop, "ALL") {
		t.Error("nuanju may write to its image, or has capabilities")
	}
}

// Every secret is one that scripts/secrets.sh makes, and every variable is described.
func TestComposeIsDescribed(t *testing.T) {
	compose, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	operations, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\$\{(\w+)`).FindAllStringSubmatch(string(compose), -1) {
		if !strings.Contains(string(operations), "`"+m[1]+"`") {
			t.Errorf("docs/operations.md does not say what %s is", m[1])
		}
	}
	secrets, err := os.ReadFile("../scripts/secrets.sh")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range project(t).Secrets {
		if !regexp.MustCompile(`\b` + name + `\b`).Match(secrets) {
			t.Errorf("scripts/secrets.sh does not make %s", name)
		}
		if filepath.Base(filepath.Dir(s.File)) != "secrets" {
			t.Errorf("%s is in %s", name, s.File)
		}
	}
}

// The image has nothing in it but the program, and runs as nobody.
func TestImage(t *testing.T) {
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CGO_ENABLED=0", "AS build", "distroless/static", "\nUSER 65532:65532\n", "HEALTHCHECK", `ENTRYPOINT ["/usr/local/bin/nuanju"]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Dockerfile lacks %q", want)
		}
	}
	if regexp.MustCompile(`(?m)^FROM \S+:latest|^FROM [^:\s]+(\s|$)`).Match(text) {
		t.Error("an image is not pinned")
	}
}
