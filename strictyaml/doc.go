// Package strictyaml reads a YAML file that a person wrote into Go structs,
// and tells that person about every mistake at once.
//
// Nothing is guessed and nothing is passed over: unknown and repeated keys,
// values of another kind, names outside a closed list, and references to what
// is not there are mistakes, each with its path and its place in the file.
// Whoever knows more than types can say (package config) adds mistakes by path
// after decoding, and they get their places too.
//
// # Structs
//
// A field takes part if it has a tag `yaml:"name"`. A tag `rule` may have, parted
// by commas:
//
//	required  the key must be there
//	hidden    messages do not quote what the file says, for it may be a secret
//	plain     a secret.Value here is often none: do not warn of a literal one
//
// A tag `default:"30s"` is what the field holds when the key is absent, in the
// form in which it would be written in the file.
//
// Fields may be strings, booleans, numbers, time.Duration, Size, Path, URL,
// secret.Value, structs, slices, maps with string keys, and types with a
// method UnmarshalText, whose error MUST say what was wanted and MUST NOT quote
// the text. A struct or slice that has UnmarshalText is read from a text too:
// that is its short form. A string type with a method Values accepts these
// values alone.
//
// # References
//
// In every text ${env:NAME} stands for an environment variable and
// ${file:PATH} for the content of a file without the line break at its end;
// $$ stands for $. No message contains what a reference stands for.
//
// Anchors, aliases and merge keys work. What they expand to is bounded.
package strictyaml
