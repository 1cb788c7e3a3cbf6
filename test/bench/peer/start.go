package peer

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/gatehouse-ai/gatehouse/test/bench/rig"
)

func nginx(conf string) func(*Site) (rig.Command, error) {
	return func(s *Site) (rig.Command, error) {
		path, err := s.write(conf)
		return rig.Command{Args: []string{"nginx", "-p", s.Dir, "-e", filepath.Join(s.Dir, "error.log"), "-c", path}}, err
	}
}

func haproxy(s *Site) (rig.Command, error) {
	path, err := s.write("haproxy.cfg")
	return rig.Command{Args: []string{"haproxy", "-db", "-f", path}}, err
}

func revproxy(s *Site) (rig.Command, error) {
	return rig.Command{Args: []string{
		filepath.Join(s.Bin, "revproxy"), "--listen", "127.0.0.1:" + strconv.Itoa(s.Port), "--to", "http://" + s.Upstream,
	}}, nil
}

func litellm(s *Site) (rig.Command, error) {
	path, err := s.write("litellm.yaml")
	return rig.Command{
		Args: []string{
			installed(s.Root, "litellm/bin/litellm"), "--config", path, "--host", "127.0.0.1", "--port", strconv.Itoa(s.Port),
			"--num_workers", strconv.Itoa(s.Cores), "--telemetry", "False",
		},
		// It reads prices from the network otherwise, and logs each request.
		Env: []string{"LITELLM_LOCAL_MODEL_COST_MAP=True", "LITELLM_LOG=ERROR", "LITELLM_MASTER_KEY=" + ClientKey(), "LITELLM_MODE=PRODUCTION", "PYTHONUNBUFFERED=1"},
	}, err
}

func portkey(s *Site) (rig.Command, error) {
	return rig.Command{
		Args: []string{
			"node", "--require", filepath.Join(s.Root, "test/bench/portkey/preload.cjs"),
			installed(s.Root, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"), "--headless", fmt.Sprintf("--port=%d", s.Port),
		},
		Env: []string{"NODE_ENV=production", "BENCH_UPSTREAM=http://" + s.Upstream + "/v1"},
	}, nil
}

func gatehouse(front string) func(*Site) (rig.Command, error) {
	return func(s *Site) (rig.Command, error) {
		with := *s
		with.Front = front
		path, err := with.write("gatehouse.yaml")
		return rig.Command{Args: []string{filepath.Join(s.Bin, "gatehouse"), "serve", "--config", path}}, err
	}
}
