package snapshot

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/limit"
)

// Limits returns the buckets of the keys that have limits: specs by the name of
// the key. before are those of the generation before: a key of the same name goes
// on with what it has taken, also if its text has changed. It is nil if no key
// has limits.
func Limits(keys *apikey.Set, specs map[string]limit.Spec, before map[*apikey.Key]*limit.Bucket, now time.Time) map[*apikey.Key]*limit.Bucket {
	if len(specs) == 0 {
		return nil
	}
	was := make(map[string]*limit.Bucket, len(before))
	for k, b := range before {
		was[k.Name] = b
	}
	out := make(map[*apikey.Key]*limit.Bucket, len(specs))
	for k := range keys.All() {
		if spec := specs[k.Name]; !spec.Zero() {
			out[k] = was[k.Name].Next(spec, now)
		}
	}
	return out
}
