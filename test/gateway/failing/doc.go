// Package failing tests the gateway through its front door when something is
// wrong: with the request, with a credential, with an endpoint, or with the
// client that leaves.
//
// It owns no code. Its tests start a whole gateway of package gwtest before
// simulated engines of package fakellm, and look at what clients, engines,
// logs and records get to see. What the gateway does when all goes well is
// tested elsewhere.
package failing
