package config

import (
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

func (k *checker) checkModels() {
	k.used, k.aliases = map[string]bool{}, map[string]string{}
	names, prefixes, patterns := map[string]int{}, map[string]int{}, map[string]int{}
	var good []catalog.Model
	for i := range k.Models {
		m, path := &k.Models[i], strictyaml.Index("models", i)
		key, text := k.checkKind(m, path)
		k.checkFields(m, path, key)
		if key == "" || !k.checkModelName(strictyaml.Field(path, key), key, text) {
			continue
		}
		taken := map[string]map[string]int{"name": names, "alias": names, "prefix": prefixes, "pattern": patterns}[key]
		_, twice := taken[text]
		k.unique(path, key, "models", taken, text, i)
		switch {
		case twice:
		case key == "alias":
			k.aliases[text] = m.Of
		default:
			// A stand-in for the pool: names are looked up here, not endpoints.
			good = append(good, catalog.Model{Name: m.Name, Prefix: m.Prefix, Pattern: m.Pattern, Pool: []catalog.Target{{Endpoint: &catalog.Endpoint{}}}})
		}
	}
	var err error
	if k.routes, err = route.New(good, nil, ""); err != nil {
		k.Mistakef("models", "", "cannot be routed: %v", err)
	}
	k.checkAliases()
	if f := k.Fallback.UnknownModel; f != "" && !k.known(f) {
		k.Mistakef("fallback.unknown_model", "", "no row of models serves %q", f)
	}
	for i, e := range k.Endpoints {
		if e.Name != "" && !k.used[e.Name] && !k.Wrong("models") {
			k.Warnf(strictyaml.Index("endpoints", i), "", "no row of models uses the endpoint %q", e.Name)
		}
	}
}

// kinds are the keys of which a row has one, in the order of the reference.
var kinds = []string{"name", "prefix", "pattern", "alias"}

// checkKind returns which of the kinds a row is of, and the text that says so.
func (k *checker) checkKind(m *Model, path string) (key, text string) {
	var given []string
	for _, key := range kinds {
		if k.Given(strictyaml.Field(path, key)) {
			given = append(given, key)
		}
	}
	switch {
	case len(given) == 0 && k.Wrong(path):
	case len(given) == 0:
		k.Mistakef(path, "", "wanted one of the keys %s", strings.Join(kinds, ", "))
	case len(given) > 1:
		k.Mistakef(path, "make it "+strings.Join(given, " and ")+" in rows of their own", "a row has one of the keys %s", strings.Join(kinds, ", "))
	case k.Wrong(strictyaml.Field(path, given[0])):
	default:
		return given[0], map[string]string{"name": m.Name, "prefix": m.Prefix, "pattern": m.Pattern, "alias": m.Alias}[given[0]]
	}
	return "", ""
}

// checkFields checks which other keys a row of a kind has. The kind is "" if it
// is not known.
func (k *checker) checkFields(m *Model, path, kind string) {
	has := func(key string) bool { return k.Given(strictyaml.Field(path, key)) }
	switch kind {
	case "alias":
		for _, key := range []string{"strip_prefix", "endpoints", "owned_by"} {
			if has(key) {
				k.Mistakef(strictyaml.Field(path, key), "leave it out", "an alias is served as the model that it is of")
			}
		}
		if m.Of == "" && !k.Wrong(path) {
			k.Mistakef(strictyaml.Field(path, "of"), "", "an alias needs the model that it is of")
		}
		return
	case "":
	default:
		if has("of") {
			k.Mistakef(strictyaml.Field(path, "of"), "", "belongs to alias, not to %s", kind)
		}
		if has("strip_prefix") && kind != "prefix" {
			k.Mistakef(strictyaml.Field(path, "strip_prefix"), "", "belongs to prefix, not to %s", kind)
		}
		if len(m.Endpoints) == 0 && !k.Wrong(path) {
			k.Mistakef(strictyaml.Field(path, "endpoints"), "such as endpoints: [gpu1]", "the row has no endpoints")
		}
		k.checkName(strictyaml.Field(path, "owned_by"), m.OwnedBy)
	}
	k.checkPool(m, strictyaml.Field(path, "endpoints"))
}

func (k *checker) checkPool(m *Model, pool string) {
	type target struct{ name, model string }
	seen, standbys := map[target]int{}, 0
	for i, t := range m.Endpoints {
		path := strictyaml.Index(pool, i)
		if t.Weight < 0 {
			k.Mistakef(strictyaml.Field(path, "weight"), "0 makes it a standby", "wanted a weight of 0 or more, got %d", t.Weight)
		}
		if t.Weight == 0 {
			standbys++
		}
		if m.StripPrefix && t.Model != "" {
			k.Mistakef(strictyaml.Field(path, "model"), "", "goes ill with strip_prefix: each says what the endpoint calls the model")
		}
		if j, twice := seen[target{t.Name, t.Model}]; twice {
			k.Mistakef(path, "give it more weight instead", "stands twice; first as %s", strictyaml.Index(pool, j))
			continue
		}
		seen[target{t.Name, t.Model}] = i
		k.used[t.Name] = true
		if _, ok := k.endpoints[t.Name]; !ok && !k.Wrong(path) {
			k.Mistakef(path, k.suggestEndpoint(), "there is no endpoint %q", t.Name)
		}
	}
	if standbys > 0 && standbys == len(m.Endpoints) {
		k.Warnf(pool, "give at least one a weight above 0", "every endpoint is a standby")
	}
}

// suggestEndpoint lists the endpoints that there are.
func (k *checker) suggestEndpoint() string {
	names := make([]string, 0, len(k.Endpoints))
	for _, e := range k.Endpoints {
		if e.Name != "" {
			names = append(names, e.Name)
		}
	}
	const most = 8
	if len(names) == 0 || len(names) > most {
		return ""
	}
	return "there are " + strings.Join(names, ", ")
}

// checkModelName checks the name, prefix, pattern or alias of a row.
func (k *checker) checkModelName(path, key, text string) bool {
	before := k.Wrong(path)
	stars := strings.Count(text, "*")
	switch {
	case text == "" && key == "prefix":
		k.Mistakef(path, `use pattern: "*" for every model`, "the prefix is empty")
	case text == "":
		k.Mistakef(path, "", "the %s is empty", key)
	case key == "pattern" && stars == 0:
		k.Mistakef(path, "use name for one model", "a pattern has a * for any run of characters, got %q", text)
	case strings.Contains(text, "**"):
		k.Mistakef(path, "", "one * is enough for any run of characters, got %q", text)
	case key == "prefix" && strings.HasSuffix(text, "*"):
		k.Mistakef(path, "leave out the *", "a prefix is the beginning of a name, got %q", text)
	case key != "pattern" && stars > 0:
		k.Mistakef(path, "use pattern for many models", "a * has no meaning in a %s, got %q", key, text)
	default:
		k.checkName(path, text)
	}
	return !before && !k.Wrong(path)
}

// checkAliases follows every alias to a row that serves it.
func (k *checker) checkAliases() {
	inCircle := map[string]bool{}
	for i, m := range k.Models {
		of, path := m.Of, strictyaml.Field(strictyaml.Index("models", i), "of")
		if got, ok := k.aliases[m.Alias]; !ok || got != of || of == "" || k.Wrong(path) {
			continue
		}
		way := []string{m.Alias}
		for {
			if slices.Contains(way, of) {
				if !inCircle[of] {
					k.Mistakef(path, "", "the aliases lead round in a circle: %s", strings.Join(append(way, of), " → "))
				}
				for _, name := range way {
					inCircle[name] = true
				}
				break
			}
			next, isAlias := k.aliases[of]
			if !isAlias {
				if len(way) == 1 && !k.known(of) {
					k.Mistakef(path, "", "no row of models serves %q", of)
				}
				break
			}
			way, of = append(way, of), next
		}
	}
}

// known tells whether a row or an alias serves a name.
func (k *checker) known(name string) bool {
	if _, ok := k.aliases[name]; ok || k.routes == nil {
		return true
	}
	_, ok := k.routes.Lookup(name)
	return ok
}
