// Package config reads the operator's file, gatehouse.yaml.
//
// The structs are the reference: their keys, defaults and comments become
// docs/reference/config.md and the sample file beside it. A key that is absent
// means its default, and an empty file is a whole configuration, so a new key
// never breaks an old file.
//
// Parse reports every mistake of a file at once, each with its path and place:
// what package strictyaml finds while it decodes, and what this package knows
// beyond types (names that are taken, references to nothing, certificates that
// cannot be read). What it returns has been checked and can be put to use
// without failing: the package turns it into the nouns of packages catalog,
// apikey and limit. It does not start, watch or reload anything.
package config
