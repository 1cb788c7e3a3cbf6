package strictyaml

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/gatehouse-ai/gatehouse/secret"
)

// Decode reads a file into the struct that into points to, defaults included,
// and returns what it has learned. Where there is a mistake the struct holds
// the default. An empty file is a mapping without keys.
//
// It panics if the struct cannot be decoded into, which is a mistake of the
// program.
func Decode(src Source, into any) *Document {
	if src.Env == nil {
		src.Env = os.LookupEnv
	}
	if src.ReadFile == nil {
		src.ReadFile = ReadFile
	}
	d := &decoder{src: src, Document: &Document{
		name:     src.Name,
		places:   map[string]place{"": {value: position{1, 1}}},
		referred: map[string]bool{},
	}}
	v := reflect.ValueOf(into).Elem()
	setDefaults(v)
	switch root := d.parse(src.Data); {
	case root != nil:
		d.value(item{node: root}, v)
	case d.Err() == nil:
		d.mapping(item{node: &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}}, v)
	}
	return d.Document
}

type decoder struct {
	*Document
	src     Source
	values  int  // seen so far
	depth   int  // of the one being decoded
	stopped bool // since a bound has been passed
}

// item is a node on its way into a value.
type item struct {
	node *yaml.Node
	key  *yaml.Node // nil in lists and at the root
	path string
	field
}

// value decodes an item into v.
func (d *decoder) value(it item, v reflect.Value) {
	if !d.enter(&it) {
		return
	}
	defer func() { d.depth-- }()
	n, t := it.node, v.Type()
	switch {
	case tagged(n):
		d.Mistakef(it.path, "quote a text that begins with !", "tags (!) have no meaning here")
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		if isMapping(t) && (it.key != nil || it.path == "") {
			// A key whose settings are all commented out.
			d.mapping(item{node: &yaml.Node{}, path: it.path}, v)
			return
		}
		d.Mistakef(it.path, "give it a value or leave it out", "nothing stands here")
	case n.Kind == yaml.ScalarNode && !isMapping(t) && t.Kind() != reflect.Map && t.Kind() != reflect.Slice,
		n.Kind == yaml.ScalarNode && texter(v) != nil:
		d.scalar(it, v)
	case n.Kind == yaml.MappingNode && isMapping(t):
		d.mapping(it, v)
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		d.table(it, v)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		d.list(it, v)
	default:
		d.Mistakef(it.path, "", "wanted %s, got %s", Describe(t), describeNode(n))
	}
}

// enter follows an alias and notes where the item stands. It returns false when
// the bounds are passed, which it reports once.
func (d *decoder) enter(it *item) bool {
	for it.node.Kind == yaml.AliasNode {
		it.node = it.node.Alias
	}
	at := place{value: position{it.node.Line, it.node.Column}}
	if it.key != nil {
		at.key = position{it.key.Line, it.key.Column}
	}
	d.places[it.path] = at
	if d.values++; d.stopped {
		return false
	}
	switch {
	case d.values > maxValues:
		d.Mistakef(it.path, "", "with its aliases (*) expanded the file has more than %d values", maxValues)
	case d.depth >= maxNesting:
		d.Mistakef(it.path, "", "values are nested more than %d deep, or an alias (*) is inside what it names", maxNesting)
	default:
		d.depth++
		return true
	}
	d.stopped = true
	return false
}

// tagged tells whether the file gives a node another kind than its looks say.
func tagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" }

// scalar decodes a text, number or boolean.
func (d *decoder) scalar(it item, v reflect.Value) {
	n := it.node
	if n.Tag == "!!bool" && v.Kind() != reflect.Bool && texter(v) == nil {
		d.Mistakef(it.path, "quote it if it is meant as text", "wanted %s, got %s", Describe(v.Type()), describeNode(n))
		return
	}
	text, referred, ok := d.expand(n.Value, it.path)
	if referred {
		d.referred[it.path] = true
	}
	if !ok {
		return
	}
	switch v.Addr().Interface().(type) {
	case *secret.Value:
		switch {
		case text == "":
			d.Mistakef(it.path, "", "the secret is empty")
		case !referred && !it.plain:
			d.Warnf(it.path, "write ${env:NAME} or ${file:PATH} instead", "a secret stands in the file itself")
		}
	case *Path:
		if text != "" {
			text = d.resolve(text)
		}
	}
	switch err := setText(v, text); {
	case errors.Is(err, errKind):
		panic(fmt.Sprintf("strictyaml: %s: values of type %s cannot be decoded", it.path, v.Type()))
	case err != nil:
		d.badText(it, v, err, referred)
	}
}

// badText reports a text that setText refused.
func (d *decoder) badText(it item, v reflect.Value, err error, referred bool) {
	raw := it.node.Value
	message, hint := err.Error(), ""
	switch {
	case it.hidden:
	case referred:
		message += ", got something else from " + shorten(raw)
	default:
		message += ", got " + shorten(raw)
		switch p := v.Addr().Interface().(type) {
		case Enum:
			hint = didYouMean(nearest(raw, p.Values()))
		case *time.Duration:
			if _, err := strconv.ParseUint(raw, 10, 32); err == nil {
				hint = "write " + raw + "s for seconds"
			}
		}
	}
	d.Mistakef(it.path, hint, "%s", message)
}

// mapping decodes a mapping into a struct.
func (d *decoder) mapping(it item, v reflect.Value) {
	known := fields(v.Type())
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	var meant []string // keys that are there but misspelt
	for _, p := range d.pairs(it) {
		name := p.key.Value
		i := slices.Index(names, name)
		if i < 0 {
			meant = append(meant, d.unknownKey(p.key, it.path, names))
			continue
		}
		d.value(item{node: p.value, key: p.key, path: Field(it.path, name), field: known[i]}, v.Field(known[i].index))
	}
	for _, f := range known {
		if path := Field(it.path, f.name); f.required && !d.Given(path) && !slices.Contains(meant, f.name) {
			d.Mistakef(path, "", "the key is missing")
		}
	}
}

// unknownKey reports a key and returns the one that was probably meant, or "".
func (d *decoder) unknownKey(key *yaml.Node, path string, names []string) string {
	meant := nearest(key.Value, names)
	hint := didYouMean(meant)
	if meant == "" {
		hint = "known are " + strings.Join(names, ", ")
	}
	d.mistakeAt(position{key.Line, key.Column}, path, hint, "unknown key %s", shorten(key.Value))
	return meant
}

// table decodes a mapping into a map.
func (d *decoder) table(it item, v reflect.Value) {
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		panic(fmt.Sprintf("strictyaml: %s: the keys of %s are no strings", it.path, t))
	}
	m := reflect.MakeMap(t)
	for _, p := range d.pairs(it) {
		e := reflect.New(t.Elem()).Elem()
		if isMapping(t.Elem()) {
			setDefaults(e)
		}
		d.value(item{node: p.value, key: p.key, path: Field(it.path, p.key.Value), field: it.field}, e)
		m.SetMapIndex(reflect.ValueOf(p.key.Value).Convert(t.Key()), e)
	}
	v.Set(m)
}

// list decodes a list into a slice.
func (d *decoder) list(it item, v reflect.Value) {
	s := reflect.MakeSlice(v.Type(), 0, len(it.node.Content))
	for i, n := range it.node.Content {
		e := reflect.New(v.Type().Elem()).Elem()
		if isMapping(e.Type()) {
			setDefaults(e)
		}
		d.value(item{node: n, path: Index(it.path, i), field: it.field}, e)
		s = reflect.Append(s, e)
	}
	v.Set(s)
}

// pair is a key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairs returns the pairs of a mapping: its own first, then those that merge
// keys (<<) bring and that it has not itself. It reports keys that stand twice.
func (d *decoder) pairs(it item) []pair {
	var own, merged []pair
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(it.node.Content); i += 2 {
		key, value := it.node.Content[i], it.node.Content[i+1]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		at := position{key.Line, key.Column}
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!null" || key.Tag == "!!bool" || tagged(key):
			d.mistakeAt(at, it.path, "", "wanted a text as the key, got %s", describeNode(key))
		case key.Tag == "!!merge":
			merged = append(merged, d.merge(item{node: value, path: it.path, field: it.field}, at)...)
		case seen[key.Value] != nil:
			d.mistakeAt(at, Field(it.path, key.Value), "", "the key stands twice; first on line %d", seen[key.Value].Line)
		default:
			seen[key.Value] = key
			own = append(own, pair{key, value})
		}
	}
	for _, p := range merged {
		if seen[p.key.Value] == nil {
			seen[p.key.Value] = p.key
			own = append(own, p)
		}
	}
	return own
}

// merge returns the pairs that the value of a merge key brings.
func (d *decoder) merge(it item, at position) []pair {
	place := d.places[it.path]
	entered := d.enter(&it)
	d.places[it.path] = place // of the mapping that merges, not of what it merges
	if !entered {
		return nil
	}
	defer func() { d.depth-- }()
	switch it.node.Kind {
	case yaml.MappingNode:
		pairs := d.pairs(it)
		d.values += len(pairs)
		return pairs
	case yaml.SequenceNode:
		var all []pair
		for _, n := range it.node.Content {
			all = append(all, d.merge(item{node: n, path: it.path, field: it.field}, at)...)
		}
		return all
	}
	d.mistakeAt(at, it.path, "", "<< wants an alias (*) of a mapping, got %s", describeNode(it.node))
	return nil
}

// describeNode says what a node is, not what it says.
func describeNode(n *yaml.Node) string {
	switch {
	case tagged(n):
		return "a tag (!)"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!bool":
		return "true or false"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "a number"
	}
	return "text"
}

// shorten quotes a text of the file in a message. A long one may be anything,
// a secret in the wrong place included, and is not shown.
func shorten(text string) string {
	const most = 40
	if utf8.RuneCountInString(text) > most {
		return "a long text"
	}
	return fmt.Sprintf("%q", text)
}
