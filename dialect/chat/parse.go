package chat

import (
	"math"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
)

// Parse decodes the body of a request. Every error is a *fault.Error about the
// client's request, with the path of what is wrong.
//
// Parameters that OpenAI's API does not have are kept: see Extra and Refuse.
func Parse(body []byte) (*Request, error) {
	top, err := param.Body(body)
	if err != nil {
		return nil, err
	}
	r := &Request{N: 1, ParallelToolCalls: true}
	err = top.Members(func(name string, v param.Value) error {
		r.set = append(r.set, v)
		p := row(name)
		if p == nil {
			return nil
		}
		if err := v.Want(p.Types...); err != nil {
			return err
		}
		if p.read == nil {
			return nil
		}
		return p.read(r, v)
	})
	if err != nil {
		return nil, err
	}
	if len(r.Messages) == 0 {
		return nil, top.Missing("messages")
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.nameTools()
	return r, nil
}

// check looks at what depends on more than one parameter.
func (r *Request) check() error {
	if r.TopLogprobs > 0 && !r.Logprobs {
		return fault.Param(fault.InvalidParameter, "top_logprobs", "Invalid value: 'top_logprobs' needs 'logprobs' to be true.")
	}
	if _, both := r.Extra("tools"); both && r.LegacyFunctions && len(r.Tools) > 0 {
		return fault.Param(fault.InvalidParameter, "functions", "Invalid value: 'functions' cannot be used together with 'tools'.")
	}
	_, named := r.Extra("tool_choice")
	if v, both := r.Extra("function_call"); both && named {
		return v.Invalid("cannot be used together with 'tool_choice'")
	}
	old, _ := r.Extra("max_tokens")
	if newer, both := r.Extra("max_completion_tokens"); both && old.There() && !newer.Is(string(old.Raw)) {
		return fault.Param(fault.InvalidParameter, "max_tokens", "Invalid value: 'max_tokens' and 'max_completion_tokens' are both set and differ; set only the latter.")
	}
	return r.checkChoice()
}

// checkChoice sees to it that the chosen tools are there.
func (r *Request) checkChoice() error {
	c := r.ToolChoice
	has := func(name string) bool {
		for _, t := range r.Tools {
			if t.Name == name {
				return true
			}
		}
		return false
	}
	wanted := c.Allowed
	if c.Mode == ChooseNamed {
		wanted = []string{c.Name}
	}
	for _, name := range wanted {
		if !has(name) {
			return fault.Param(fault.InvalidParameter, c.Path, "Invalid value: '%s' names the tool '%s', which is not among the tools of the request.", c.Path, param.Clip(name, 64))
		}
	}
	if c.Mode == ChooseRequired && len(r.Tools) == 0 {
		return fault.Param(fault.InvalidParameter, c.Path, "Invalid value: '%s' demands a call, but the request has no tools.", c.Path)
	}
	return nil
}

// nameTools finds for each tool's message which tool it answers for. Calls
// made with the deprecated function_call have no id and are found by name.
func (r *Request) nameTools() {
	names := map[string]string{}
	latest := map[string]string{}
	for i := range r.Messages {
		m := &r.Messages[i]
		for _, c := range m.Calls {
			names[c.ID] = c.Name
			latest[c.Name] = c.ID
		}
		if m.Role != RoleTool {
			continue
		}
		if m.CallID == "" && m.ToolName != "" {
			m.CallID = latest[m.ToolName]
		} else {
			m.ToolName = names[m.CallID]
		}
	}
}

func float(to **float64, v param.Value, least, most float64) error {
	f, err := v.Float(least, most)
	*to = &f
	return err
}

func readMaxTokens(r *Request, v param.Value) error {
	n, err := v.Int(1, math.MaxInt64)
	if v.Path == "max_completion_tokens" || r.MaxTokens == nil {
		r.MaxTokens = &n
	}
	return err
}

func readN(r *Request, v param.Value) error {
	n, err := v.Int(1, 128)
	r.N = int(n)
	return err
}

func readSeed(r *Request, v param.Value) error {
	n, err := v.Int(math.MinInt64, math.MaxInt64)
	r.Seed = &n
	return err
}

func readTopLogprobs(r *Request, v param.Value) error {
	n, err := v.Int(0, 20)
	r.TopLogprobs = int(n)
	return err
}

func readEffort(r *Request, v param.Value) (err error) {
	r.ReasoningEffort, err = v.OneOf("none", "minimal", "low", "medium", "high", "xhigh", "max")
	return err
}

func readModalities(_ *Request, v param.Value) error {
	return v.Elements(func(_ int, e param.Value) error {
		_, err := e.OneOf("text", "audio")
		return err
	})
}

// readStop reads a string or up to four. An empty string, which nothing can
// end with, is no stop.
func readStop(r *Request, v param.Value) error {
	var all []string
	var err error
	if v.Type() == param.String {
		all = make([]string, 1)
		all[0], err = v.Text()
	} else {
		all, err = v.Texts()
	}
	if err != nil {
		return err
	}
	if len(all) > 4 {
		return v.Invalid("has %d strings but may have 4 at most", len(all))
	}
	for _, s := range all {
		if s != "" {
			r.Stop = append(r.Stop, s)
		}
	}
	return nil
}

func readLogitBias(r *Request, v param.Value) error {
	err := v.Members(func(_ string, m param.Value) error {
		_, err := m.Float(-100, 100)
		return err
	})
	if err == nil && !v.Empty() {
		r.LogitBias = v.JSON()
	}
	return err
}

func readStreamOptions(r *Request, v param.Value) error {
	return v.Members(func(name string, m param.Value) error {
		on, err := m.Bool()
		if err != nil {
			return err
		}
		switch name {
		case "include_usage":
			r.IncludeUsage = on
		case "include_obfuscation": // a hint
		default:
			if on {
				return m.Unsupported("Unsupported parameter: '%s' is not supported by the endpoint of this model.", m.Path)
			}
		}
		return nil
	})
}

func readFormat(r *Request, v param.Value) error {
	kind, schema := "", param.Value{}
	err := v.Fields(unknown,
		param.Need("type", param.OneOf(&kind, "text", "json_object", "json_schema")),
		param.May("json_schema", param.Keep(&schema)))
	switch {
	case err != nil:
		return err
	case kind == "json_object":
		r.Format.Kind = JSONFormat
	case kind == "json_schema" && !schema.There():
		return v.Missing("json_schema")
	case kind == "json_schema":
		f := &r.Format
		f.Kind = SchemaFormat
		return schema.Fields(unknown,
			param.Need("name", param.Filled(&f.Name)),
			param.May("description", param.Text(&f.Description)),
			param.May("strict", param.Bool(&f.Strict)),
			param.May("schema", param.ObjectJSON(&f.Schema)))
	}
	return nil
}

// unknown is the error about a member that no dialect knows.
func unknown(v param.Value) error {
	return v.Unsupported("Unsupported parameter: '%s' is not a parameter of chat completions that can be translated for the endpoint of this model.", v.Path)
}
