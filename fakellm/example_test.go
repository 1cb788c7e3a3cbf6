package fakellm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// An engine answers with what was said, until a script says otherwise.
func Example() {
	e := fakellm.New(fakellm.Ollama, fakellm.Models("llama3"))
	s := fakellm.Start(e)
	defer s.Close()
	chat := func() {
		res, err := http.Post(s.URL+"/api/chat", "application/json",
			strings.NewReader(`{"model":"llama3","stream":false,"messages":[{"role":"user","content":"hello"}]}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		var answer struct {
			Message struct{ Content string }
			Detail  string
		}
		err = errors.Join(json.NewDecoder(res.Body).Decode(&answer), res.Body.Close())
		fmt.Println(res.StatusCode, answer.Message.Content+answer.Detail, err)
	}
	chat()
	e.Queue(fakellm.Refused(503, fakellm.Detail))
	chat()
	fmt.Println(e.Count(), "requests, the last to", e.Last().Path)
	// Output:
	// 200 You said: hello <nil>
	// 503 Service Unavailable <nil>
	// 2 requests, the last to /api/chat
}
