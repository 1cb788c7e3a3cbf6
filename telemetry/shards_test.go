package telemetry

import (
	"reflect"
	"testing"

	"github.com/gatehouse-ai/gatehouse/record"
)

// What one shard writes is on no cache line that another one uses.
func TestShardsShareNoCacheLines(t *testing.T) {
	for _, shard := range []reflect.Type{reflect.TypeFor[AccessShard](), reflect.TypeFor[MetricsShard]()} {
		first, last := shard.Field(0), shard.Field(shard.NumField()-1)
		if first.Name != "_" || last.Name != "_" || first.Type.Size() < spacing || last.Type.Size() < spacing {
			t.Errorf("%v is not kept apart from its neighbours", shard)
		}
	}
	m := NewMetrics("v1")
	one, two := m.Shard(0), m.Shard(1)
	for range 3 { // cells that are made in turns
		for _, s := range []*MetricsShard{one, two} {
			s.Done(&record.Record{Route: "m"})
		}
	}
	if cap(one.free) > block || len(one.free) == 0 || &one.free[0] == &two.free[0] {
		t.Error("the cells of two shards are in one block")
	}
}
