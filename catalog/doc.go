// Package catalog has the nouns that routing is about: endpoints, models,
// aliases, and the dialects that endpoints speak.
//
// It owns their rules, not how they are configured (package config), chosen
// (packages route and pick) or called (package relay). Values are immutable
// once they are part of a snapshot.
package catalog
