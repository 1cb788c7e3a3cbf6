// Package principal decides who a request acts for.
//
// Every form in which a client may present a key (X-Gatehouse-Key,
// Authorization, X-Api-Key, Api-Key) becomes one Principal here, before any
// policy looks at the request, so that no rule can be met in one form and
// missed in another. It also says which headers carry credentials, for those
// who must not pass them on.
package principal
