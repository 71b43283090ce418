package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type healthCommand struct {
	settingsFlag
}

// Help is shown by nuanju health --help.
func (healthCommand) Help() string {
	return `
Asks the server of these settings, on this machine, whether it is ready, for a container's health check:
exit status 0 if it is, 1 with the checks that fail if it is not.`
}

// Run asks /readyz.
func (c healthCommand) Run(a *app) error {
	settings, err := c.read()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(settings.Listen)
	if err != nil {
		return errUsage{fmt.Errorf("listen %q: %w", settings.Listen, err)}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(a.ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", text)
	}
	_, err = a.stdout.Write(text)
	return err
}
