package chat

import "github.com/gatehouse-ai/gatehouse/dialect/param"

func readTools(r *Request, v param.Value) error {
	return v.Elements(func(_ int, e param.Value) error {
		t, err := readTool(e)
		r.Tools = append(r.Tools, t)
		return err
	})
}

func readTool(v param.Value) (Tool, error) {
	kind, b, err := typed(v, "function", "custom")
	if err != nil {
		return Tool{}, err
	}
	return readFunction(b, kind == "custom")
}

// typed reads an object that has a type and a member named by that type, as
// tools, calls and choices have, and returns both. Further fields may be there.
func typed(v param.Value, kind, other string, further ...param.Field) (string, param.Value, error) {
	is, bodies := "", [2]param.Value{}
	fields := append([]param.Field{
		param.Need("type", param.OneOf(&is, kind, other)),
		param.May(kind, param.Keep(&bodies[0])),
		param.May(other, param.Keep(&bodies[1])),
		param.May("cache_control", param.Skip(param.Object)), // a hint
	}, further...)
	if err := v.Fields(unknown, fields...); err != nil {
		return "", param.Value{}, err
	}
	b := bodies[0]
	if is == other {
		b = bodies[1]
	}
	if !b.There() {
		return "", param.Value{}, v.Missing(is)
	}
	return is, b, nil
}

// readFunction reads the description of a function or custom tool.
func readFunction(v param.Value, custom bool) (Tool, error) {
	t := Tool{Path: v.Path, Custom: custom}
	fields := []param.Field{
		param.Need("name", param.Filled(&t.Name)),
		param.May("description", param.Text(&t.Description)),
	}
	if custom {
		fields = append(fields, param.May("format", param.ObjectJSON(&t.Grammar)))
	} else {
		fields = append(fields, param.May("parameters", param.ObjectJSON(&t.Parameters)), param.May("strict", param.Bool(&t.Strict)))
	}
	err := v.Fields(unknown, fields...)
	if string(t.Grammar) == `{"type":"text"}` {
		t.Grammar = nil
	}
	return t, err
}

func readFunctions(r *Request, v param.Value) error {
	return v.Elements(func(_ int, e param.Value) error {
		t, err := readFunction(e, false)
		r.Tools = append(r.Tools, t)
		r.LegacyFunctions = true
		return err
	})
}

// readFunctionCall reads the deprecated form of tool_choice.
func readFunctionCall(r *Request, v param.Value) error {
	c, err := ToolChoice{Path: v.Path}, error(nil)
	if v.Type() == param.String {
		c.Mode, err = mode(v, "none", "auto")
	} else {
		c.Mode = ChooseNamed
		err = v.Fields(unknown, param.Need("name", param.Filled(&c.Name)))
	}
	r.ToolChoice = c
	return err
}

// mode reads one of the words for a mode.
func mode(v param.Value, words ...string) (ChoiceMode, error) {
	word, err := v.OneOf(words...)
	switch word {
	case "none":
		return ChooseNone, err
	case "required":
		return ChooseRequired, err
	}
	return ChooseAuto, err
}

func readToolChoice(r *Request, v param.Value) error {
	c, err := ToolChoice{Path: v.Path}, error(nil)
	var kind string
	var allowed param.Value
	switch {
	case v.Type() == param.String:
		c.Mode, err = mode(v, "none", "auto", "required")
	case isAllowed(v):
		err = v.Fields(unknown, param.Need("type", param.Text(&kind)), param.Need("allowed_tools", param.Keep(&allowed)))
		if err == nil {
			err = readAllowed(&c, allowed)
		}
	default:
		c.Mode = ChooseNamed
		var b param.Value
		if _, b, err = typed(v, "function", "custom"); err == nil {
			err = b.Fields(unknown, param.Need("name", param.Filled(&c.Name)))
		}
	}
	r.ToolChoice = c
	return err
}

func isAllowed(v param.Value) bool {
	found := false
	return v.Members(func(name string, m param.Value) error {
		found = found || name == "type" && m.Is(`"allowed_tools"`)
		return nil
	}) == nil && found
}

func readAllowed(c *ToolChoice, v param.Value) error {
	c.Allowed = []string{}
	return v.Fields(unknown,
		param.Need("mode", func(m param.Value) (err error) { c.Mode, err = mode(m, "auto", "required"); return err }),
		param.Need("tools", func(m param.Value) error {
			return m.Elements(func(_ int, e param.Value) error {
				t, err := readTool(e)
				c.Allowed = append(c.Allowed, t.Name)
				return err
			})
		}))
}
