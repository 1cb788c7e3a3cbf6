package body

// SpeechEvent is an event of speech that is streamed: a piece of audio, or the
// end.
type SpeechEvent struct {
	Delta *SpeechDelta `json:",inline"`
	Done  *SpeechDone  `json:",inline"`
}

// SpeechDelta is a piece of audio.
type SpeechDelta struct {
	Type  string `json:"type"`  // Always speech.audio.delta.
	Audio string `json:"audio"` // In base64.
}

// SpeechDone ends the stream.
type SpeechDone struct {
	Type  string       `json:"type"`            // Always speech.audio.done.
	Usage *SpeechUsage `json:"usage,omitempty"` // The tokens that it took.
}

// SpeechUsage counts tokens.
type SpeechUsage struct {
	InputTokens  int `json:"input_tokens"`
	OutputTokens int `json:"output_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

// OpenAPI is a document that describes the API.
type OpenAPI struct {
	OpenAPI    string         `json:"openapi"`    // The version of the specification that it follows.
	Info       map[string]any `json:"info"`       // What the API is.
	Paths      map[string]any `json:"paths"`      // The operations.
	Components map[string]any `json:"components"` // What they refer to.
}
