package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/internal/contract"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

func TestPromises(t *testing.T) {
	d := cats(op.V1)
	o := d.Paths["/cats"].Post
	o.Responses["404"] = &openapi.Response{Ref: "#/components/responses/Gone"}
	o.Responses["200"].Headers = map[string]*openapi.Header{"X-Request-Id": {}}
	o.Responses["200"].Content["text/event-stream"] = &openapi.MediaType{Schema: &openapi.Schema{AnyOf: []*openapi.Schema{openapi.Ref("Error"), {OneOf: []*openapi.Schema{openapi.Ref("Error")}}}}}
	d.Components.Responses = map[string]*openapi.Response{"Gone": {Content: map[string]*openapi.MediaType{"application/json": {Examples: map[string]*openapi.Example{"unknown_model": {}}}}}}
	d.Paths["/health"] = &openapi.PathItem{Get: &openapi.Operation{OperationID: "health"}}
	everything := func(*openapi.Operation) bool { return true }
	want := strings.Split(`GET /health is health
GET /health needs no key
POST /cats answers 200 application/json
POST /cats answers 200 application/json age
POST /cats answers 200 application/json colour
POST /cats answers 200 application/json name
POST /cats answers 200 text/event-stream
POST /cats answers 200 text/event-stream code
POST /cats answers 200 with the header X-Request-Id
POST /cats answers 400 application/json
POST /cats answers 400 application/json code
POST /cats fails with 404 unknown_model
POST /cats is createCat
POST /cats needs cats by bearer
POST /cats takes application/json
POST /cats takes application/json age
POST /cats takes application/json colour
POST /cats takes application/json name`, "\n")
	if got := contract.Promises(op.V1, d, everything); !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	beta := []string{"POST /cats is createCat", "POST /cats needs cats by bearer"}
	if got := contract.Promises(op.V1Beta, d, func(o *openapi.Operation) bool { return o.OperationID == "createCat" }); !slices.Equal(got, beta) {
		t.Errorf("beta: got %q", got)
	}
}

func TestErrors(t *testing.T) {
	if got := contract.Errors(); !slices.Contains(got, "error unknown_model has status 404, type invalid_request_error, code model_not_found, Anthropic's type not_found_error") {
		t.Errorf("%q", got)
	}
}

func TestBroken(t *testing.T) {
	frozen := contract.Lines("# c\n\nPOST /a is x\nPOST /ab is x\nPOST /b is x\n")
	waivers := []contract.Waiver{{Level: "v1", Method: "POST", Path: "/a"}}
	got := contract.Broken(op.V1, frozen, []string{"POST /b is x", "c"}, waivers)
	if !slices.Equal(got, []string{"POST /ab is x"}) {
		t.Errorf("%q", got)
	}
	if got := contract.Broken(op.V1Beta, frozen, nil, waivers); len(got) != 3 {
		t.Errorf("a waiver of another level counts: %q", got)
	}
}
