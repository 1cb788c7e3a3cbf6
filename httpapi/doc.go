// Package httpapi is the front of the API on net/http: it finds the operation
// of a request, its principal and its handler, keeps its record, bounds what it
// may take, and writes every error.
//
// It owns what all operations have in common: request ids, levels, 404 and 405,
// body limits and the memory that bodies in flight may take, and the guard of a
// gateway without keys against web pages. What an operation does belongs to the
// handlers (packages below api), which return errors instead of writing them.
package httpapi
