// Package discover finds what a gateway without a configuration can serve:
// engines on this machine, at the ports where they usually listen, and
// providers, by the environment variables in which their keys usually are.
//
// An engine is taken for what it says it is, not for what usually has its
// port. The package owns where is looked, how engines are told apart, and which
// names of models go to whom. It returns nouns of package catalog and findings
// to be printed; when to look, and what timeouts hold, is for the caller to
// say.
package discover
