package wire

import "unsafe"

// View returns the bytes of b as a string without copying them: it is valid as
// long as b stays as it is. It is for texts that live as long as a request, in
// a buffer that does; who keeps one longer clones it.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
