// Changelog folds the notes of changes into CHANGELOG.md:
//
//	go run ./internal/changelog                   # shows what is unreleased
//	go run ./internal/changelog -release 0.2.0    # makes it a release
//
// Each change brings a note of its own in changes/unreleased, so changes that
// are made side by side never meet in one file. This command owns the form of
// notes and of the changelog; what belongs into a note is told by
// changes/README.md, and tags and uploads are made elsewhere.
package main
