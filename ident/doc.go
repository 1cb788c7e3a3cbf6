// Package ident makes the ids that the gateway gives out.
//
// They are random and name nothing but themselves: no time, host or tenant can
// be read out of one. Ids are not secrets; keys come from package apikey.
package ident
