package meter

// Usage is what one request used, in tokens, the way OpenAI counts: Input
// includes cached input, Output includes reasoning.
type Usage struct {
	Input       int64
	Output      int64
	CachedInput int64 // of Input, read from a cache
	CacheWrite  int64 // of Input, written to a cache
	Reasoning   int64 // of Output
	AudioInput  int64 // of Input
	AudioOutput int64 // of Output
	Known       bool  // an upstream reported it
}

// Limit is the largest count that is believed of an upstream.
const Limit = 1 << 31

// Total returns input and output together.
func (u Usage) Total() int64 { return u.Input + u.Output }

// Clamp returns u with every count between 0 and Limit and no part larger than
// its whole, and tells whether anything had to be changed.
func (u Usage) Clamp() (Usage, bool) {
	was := u
	u.Input, u.Output = clamp(u.Input, Limit), clamp(u.Output, Limit)
	u.CachedInput, u.CacheWrite = clamp(u.CachedInput, u.Input), clamp(u.CacheWrite, u.Input)
	u.AudioInput = clamp(u.AudioInput, u.Input)
	u.Reasoning, u.AudioOutput = clamp(u.Reasoning, u.Output), clamp(u.AudioOutput, u.Output)
	return u, u != was
}

func clamp(n, most int64) int64 { return max(0, min(n, most)) }
