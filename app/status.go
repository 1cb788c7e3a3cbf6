package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/health"
)

// publicStatus answers the few paths beside the API that anybody may ask for.
// It tells nothing of how the gateway is configured.
func (a *App) publicStatus(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	switch r.URL.Path {
	case "/":
		_ = writeJSON(w, http.StatusOK, map[string]string{"name": "gatehouse", "api": "/v1", "health": "/healthz"})
	case "/healthz":
		config := "ok"
		if !a.status.Load().OK {
			config = "the last reload failed: an older configuration is in use"
		}
		_ = writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "config": config, "generation": a.current.Load().Generation})
	case "/readyz":
		a.ready(w)
	default:
		return false
	}
	return true
}

// ready tells a load balancer whether to send requests.
func (a *App) ready(w http.ResponseWriter) {
	if a.draining.Load() {
		_ = writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "draining"})
		return
	}
	_ = writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// endpointStatus is an endpoint as operators see it.
type endpointStatus struct {
	Name     string    `json:"name"`
	Status   string    `json:"status"`
	Failures int       `json:"failures"`
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	RetryAt  time.Time `json:"retry_at,omitzero"`
	InFlight int       `json:"in_flight"`
}

// adminHandler serves operators.
func (a *App) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", a.metrics.Handler())
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { a.ready(w) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_ = writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "version": a.opts.Version, "config": a.status.Load(), "endpoints": a.endpoints()})
	})
	return mux
}

func (a *App) endpoints() []endpointStatus {
	now := time.Now()
	var out []endpointStatus
	for ep, e := range a.current.Load().Endpoints {
		v := e.Health.View(now)
		if v.Status == "" {
			v.Status = health.Closed
		}
		out = append(out, endpointStatus{Name: ep.Name, Status: v.Status, Failures: v.Failures, Reason: v.Reason, Since: v.Since, RetryAt: v.RetryAt, InFlight: v.InFlight})
	}
	slices.SortFunc(out, func(a, b endpointStatus) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}
