// Command openapidoc writes an OpenAPI document for each level of the API,
// api/openapi.v1.json and so on, out of the table of operations. It is run in
// the root of the repository:
//
//	go run ./internal/openapidoc
//
// It owns how a row becomes an operation of the document: parameters, bodies,
// errors, security and what the gateway adds to every answer. Schemas of bodies
// that are forwarded are made of the types of the official SDKs, those of other
// bodies of this module's types; examples come from package api. Its test fails
// when a document is not what the command would write.
package main
