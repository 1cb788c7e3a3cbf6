// Package wire reads and edits what goes over the wire, without doing I/O.
//
// It has header fields as both fronts hand them on; a strict scan over the
// top-level members of a JSON object, and splices that edit a body without
// decoding it; framing of server-sent events and of newline-delimited JSON on
// arbitrary byte splits; a scanner of multipart forms; and the few bodies of
// OpenAI's API that the gateway itself reads or writes.
//
// wire owns syntax. What a field means to routing, metering or a dialect is
// theirs to know. It links the standard library only.
package wire
