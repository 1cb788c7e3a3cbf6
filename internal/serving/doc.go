// Package serving knows who can serve which operation: the dialects of this
// gateway, as they are or by translation, and the engines and providers that
// speak them.
//
// What a dialect can do is asked of the dialect. What an engine can do is its
// maker's word, written down here; whether it was tried, and when, stands in
// api/engines.json, which runs before real engines write. Pages are made of it
// elsewhere.
package serving
