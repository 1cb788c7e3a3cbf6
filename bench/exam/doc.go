// Package exam sets questions whose right answers are known to the byte.
//
// It owns the prompt that the load generator sends and the bundled upstream
// understands, the text and the vectors that answer it, and the marking of
// answers: a whole body, the events of a stream, each float. The prompt has an
// id at both ends, which comes back at both ends of the answer, so that an
// answer that was mixed up with another, cut or changed is found out.
//
// Any engine may be asked too: then the answer is not known, and marking holds
// it to the shape of OpenAI's API only.
//
// Nothing here does I/O, and nothing allocates for a right answer. It reads
// JSON with a cursor of its own, so that it does not share the mistakes of what
// it marks.
package exam
