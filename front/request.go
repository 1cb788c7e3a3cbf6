package front

import (
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/snapshot"
)

// maxTranslated is the largest body that is translated on a loop: translating
// takes long enough to be felt by its other requests.
const maxTranslated = 64 << 10

// indirect tells whether requests to the endpoint have to go through net/http.
func (s *session) indirect(ep *snapshot.Endpoint) bool {
	if c := s.gen.Clients[ep.Endpoint]; c == nil || !c.Direct() {
		return true
	}
	if ep.Path(s.c.op) != "" {
		return false
	}
	return s.rec.BytesIn > maxTranslated || s.c.op.ID == op.Embedding
}
