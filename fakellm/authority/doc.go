// Package authority issues certificates for the servers and clients of tests and
// demonstrations. They are good for a day, and for nothing else.
//
// authority owns keys and certificates; serving with them is left to callers.
package authority
