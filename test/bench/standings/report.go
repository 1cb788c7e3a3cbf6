package standings

import (
	"encoding/json"

	"github.com/gatehouse-ai/gatehouse/bench"
	"github.com/gatehouse-ai/gatehouse/test/bench/peer"
)

// Report is what one run has found.
type Report struct {
	When     string    `json:"when"`
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	Targets  []Target  `json:"targets"`
	Missing  []Missing `json:"missing,omitempty"`
	Phases   []Phase   `json:"phases"`
	Start    *Start    `json:"start,omitempty"`
	Goals    []Goal    `json:"goals"`
}

// Machine is where it ran.
type Machine struct {
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Load   string `json:"load_before"` // the load averages before the run
	Pinned string `json:"pinned"`      // who was pinned to what
}

// Settings are how long it was measured.
type Settings struct {
	Rounds   int     `json:"rounds"`
	Duration float64 `json:"seconds_per_slice"`
}

// Target is a gateway that was measured.
type Target struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"`
}

// Missing is a gateway that was left out.
type Missing struct {
	Name  string `json:"name"`
	Needs string `json:"needs"`
}

// Phase is one scenario on a number of cores.
type Phase struct {
	Key   string `json:"key"` // such as chat@2
	Cores int    `json:"cores"`
	TLS   bool   `json:"tls,omitempty"`
	bench.ScenarioReport
	Gap   float64          `json:"gap_ms,omitempty"`                   // between two chunks of a stream, at the upstream
	Rest  map[string]int64 `json:"rss_bytes_before_streams,omitempty"` // of each target, after some requests and before the streams
	Taken float64          `json:"cpu_share_of_others"`                // what others took of the machine meanwhile
	Apart []string         `json:"measured_apart,omitempty"`           // targets that had one round, after the others
}

// Start is how Gatehouse starts.
type Start struct {
	Times  []float64 `json:"first_answer_ms"` // of each start, until the first right answer
	Binary int64     `json:"binary_bytes"`
}

// row returns what was found of a target; nil if there is nothing.
func (p *Phase) row(target string) *bench.Row {
	for i := range p.Rows {
		if p.Rows[i].Target == target {
			return &p.Rows[i]
		}
	}
	return nil
}

// perStream returns how many bytes a target took for each stream; 0 if that is
// not known.
func (p *Phase) perStream(target string) float64 {
	r, rest := p.row(target), p.Rest[target]
	if r == nil || rest == 0 || r.RSS == 0 || p.Connections == 0 {
		return 0
	}
	return float64(r.RSS-rest) / float64(p.Connections)
}

// phase returns the phase with a key; nil if it was not measured.
func (r *Report) phase(key string) *Phase {
	for i := range r.Phases {
		if r.Phases[i].Key == key {
			return &r.Phases[i]
		}
	}
	return nil
}

// Wrong returns how many answers of Gatehouse, or of the upstream itself, were
// wrong or missing. Those of others are told in the tables.
func (r *Report) Wrong() int64 {
	var n int64
	for i := range r.Phases {
		for _, name := range []string{peer.Direct, peer.Gatehouse, peer.GatehouseHTTP} {
			if row := r.Phases[i].row(name); row != nil {
				n += row.Wrong + row.Failed
			}
		}
	}
	return n
}

// JSON returns the report for programs.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}
