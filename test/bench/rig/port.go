package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
)

// Ports from which clients are not given theirs, by the defaults of all systems:
// among thousands of connections one would soon have the port of a server that
// is about to start.
const (
	firstPort = 10_000
	lastPort  = 32_000
)

// Ports returns free ports of loopback. Somebody else may take one before it is
// used, which shows as a process that cannot listen.
func Ports(ctx context.Context, n int) ([]int, error) {
	var lc net.ListenConfig
	ports := make([]int, 0, n)
	for range 1000 {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := lc.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil || slices.Contains(ports, port) {
			continue
		}
		if err := l.Close(); err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		ports = append(ports, port)
	}
	return nil, errors.New("looking for a free port: of a thousand none was free")
}
