package body

// TokenizeRequest asks for the tokens of a text, or of a conversation after the
// model's template.
type TokenizeRequest struct {
	Model               string    `json:"model"`                           // The name of the model, as the list of models has it.
	Prompt              string    `json:"prompt,omitempty"`                // The text.
	Messages            []Message `json:"messages,omitempty"`              // The conversation.
	AddSpecialTokens    bool      `json:"add_special_tokens,omitempty"`    // Whether to add those that begin and end a text.
	AddGenerationPrompt bool      `json:"add_generation_prompt,omitempty"` // Whether to add what makes the model answer.
	ReturnTokenStrs     bool      `json:"return_token_strs,omitempty"`     // Whether to return the texts of tokens.
}

// Message is a message of a conversation, as chat completions have it.
type Message struct {
	Role    string `json:"role"`    // Who says it.
	Content any    `json:"content"` // A text or parts.
}

// Tokens is the answer to TokenizeRequest.
type Tokens struct {
	Count       int      `json:"count"`                               // How many there are.
	MaxModelLen int      `json:"max_model_len,omitempty"`             // How many the model can take.
	Tokens      []int    `json:"tokens"`                              // Their numbers.
	TokenStrs   []string `json:"token_strs,omitempty" api:"nullable"` // Their texts, if they were asked for.
}

// DetokenizeRequest asks for the text of tokens.
type DetokenizeRequest struct {
	Model  string `json:"model"`  // The name of the model, as the list of models has it.
	Tokens []int  `json:"tokens"` // Their numbers.
}

// Text is the answer to DetokenizeRequest.
type Text struct {
	Prompt string `json:"prompt"` // The text.
}

// PoolingRequest asks for the pooled hidden states of texts.
type PoolingRequest struct {
	Model          string    `json:"model"`                     // The name of the model, as the list of models has it.
	Input          TextInput `json:"input"`                     // The texts.
	EncodingFormat string    `json:"encoding_format,omitempty"` // Numbers or base64. Any of "float", "base64".
}

// Pooled is the answer to PoolingRequest.
type Pooled struct {
	ID      string       `json:"id,omitempty"`      // The engine's name of this answer.
	Object  string       `json:"object,omitempty"`  // Always list.
	Created int64        `json:"created,omitempty"` // Unix time, in seconds.
	Model   string       `json:"model,omitempty"`   // What the engine calls the model.
	Data    []PooledText `json:"data"`              // One for each text, in order.
	Usage   *RankUsage   `json:"usage,omitempty"`   // The tokens that it took.
}

// PooledText is what one text was pooled to.
type PooledText struct {
	Index  int    `json:"index"`            // Of the text.
	Object string `json:"object,omitempty"` // Always pooling.
	Data   Vector `json:"data"`             // What the model's pooler makes of it.
}

// Vector is a vector, several, or either in base64.
type Vector struct {
	One     []float64   `json:",inline"`
	Many    [][]float64 `json:",inline"`
	Encoded string      `json:",inline"`
}
