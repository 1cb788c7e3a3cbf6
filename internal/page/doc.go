// Package page writes the pages of the reference that are made from tables, and
// tells whether they are what the tables say.
//
// A generator is a command with one Page; its test calls Check, so that a page
// that was forgotten fails the tests instead of going stale. What stands on a
// page is the generator's.
package page
