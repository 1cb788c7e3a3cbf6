// Package headers says which fields of a request go on to an endpoint, and which
// of its answer come back.
//
// It owns the tables of what stays at the gateway: what is about one connection,
// what the gateway sets itself, and whatever may carry a credential. Which
// credential an endpoint does get is for the exchange to say.
package headers
