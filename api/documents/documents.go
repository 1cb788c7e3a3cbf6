package documents

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/httpapi"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Handler serves every operation whose owner is documents.
type Handler struct {
	// tags of the documents, by level. They are made when a document is first
	// asked for, so that a start does not wait for them, and the documents stay in
	// the program's file until then.
	tags map[op.Level]func() (string, error)
}

// New returns a handler for the documents of all levels.
func New() *Handler {
	h := &Handler{tags: map[op.Level]func() (string, error){}}
	for _, level := range op.Levels() {
		h.tags[level] = sync.OnceValues(func() (string, error) {
			text, err := api.OpenAPI(level)
			if err != nil {
				return "", err
			}
			sum := sha256.Sum256(text)
			return `"` + hex.EncodeToString(sum[:16]) + `"`, nil
		})
	}
	return h
}

// Serve answers with the document of the level that was asked at, or with 304 if
// the client has it already. Pages of other sites may read it.
func (h *Handler) Serve(c *httpapi.Call) error {
	tag, err := h.tags[c.Level]()
	if err != nil {
		return err
	}
	fields := wire.Header{
		{Name: "Content-Type", Value: "application/json"},
		{Name: "Cache-Control", Value: "no-cache"},
		{Name: "Etag", Value: tag},
		{Name: "Access-Control-Allow-Origin", Value: "*"},
	}
	c.Record.Outcome = record.Complete
	if c.Header.Get("If-None-Match") == tag {
		return c.Writer.Head(http.StatusNotModified, fields)
	}
	text, err := api.OpenAPI(c.Level)
	if err != nil {
		return err
	}
	if err := c.Writer.Head(http.StatusOK, append(fields, wire.Field{Name: "Content-Length", Value: strconv.Itoa(len(text))})); err != nil {
		return err
	}
	return c.Writer.Write(text, false)
}

var _ httpapi.Handler = (*Handler)(nil)
