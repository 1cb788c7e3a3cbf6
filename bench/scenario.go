package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
)

// Scenario is one kind of load.
type Scenario struct {
	Name        string
	Title       string // what it is, in a few words
	Question    exam.Question
	Connections int
	Rate        float64 // 0 for a closed loop
}

// Scenarios returns all scenarios, in the order in which they run.
func Scenarios() []Scenario {
	small := exam.Question{Kind: exam.Chat, Body: 300, Reply: 100}
	return []Scenario{
		{Name: "chat", Title: "small chats, 300 B in and out", Question: small, Connections: 64},
		{Name: "large", Title: "large chats, 100 KB in, 8 KB out", Question: exam.Question{Kind: exam.Chat, Body: 100_000, Reply: 8_000}, Connections: 32},
		{Name: "stream", Title: "streams of 200 chunks at full speed", Question: exam.Question{Kind: exam.Stream, Body: 300, Chunks: 200}, Connections: 32},
		{Name: "slow", Title: "500 streams with 20 ms between chunks", Question: exam.Question{Kind: exam.Stream, Body: 300, Chunks: 100, Gap: 20 * time.Millisecond}, Connections: 500},
		{Name: "embed", Title: "16 embeddings of 1536 floats", Question: exam.Question{Kind: exam.Embed, Body: 4_000, Inputs: 16, Dim: 1536}, Connections: 16},
		{Name: "keepalive", Title: "small chats over many connections", Question: small, Connections: 2000},
	}
}

// Choose returns the scenarios with these names, in the order of Scenarios.
func Choose(names []string) ([]Scenario, error) {
	all := Scenarios()
	var known []string
	for _, s := range all {
		known = append(known, s.Name)
	}
	for _, n := range names {
		if n != "all" && !slices.Contains(known, n) {
			return nil, fmt.Errorf("there is no scenario %q; there are %s, and all", n, strings.Join(known, ", "))
		}
	}
	if slices.Contains(names, "all") {
		return all, nil
	}
	return slices.DeleteFunc(all, func(s Scenario) bool { return !slices.Contains(names, s.Name) }), nil
}
