package body

// RerankRequest asks for documents in the order of how well they answer a query.
type RerankRequest struct {
	Model           string     `json:"model"`                      // The name of the model, as the list of models has it.
	Query           string     `json:"query"`                      // What is asked.
	Documents       []Document `json:"documents"`                  // What may answer it.
	TopN            int        `json:"top_n,omitempty"`            // How many results to return; all if it is absent.
	ReturnDocuments bool       `json:"return_documents,omitempty"` // Whether results repeat their documents.
}

// Document is a text, or an object that has one.
type Document struct {
	Plain  string        `json:",inline"`
	Object *DocumentText `json:",inline"`
}

// DocumentText is a text in an object.
type DocumentText struct {
	Text string `json:"text"`
}

// Ranking is the answer of a reranker.
type Ranking struct {
	ID      string       `json:"id,omitempty"`    // The engine's name of this answer.
	Model   string       `json:"model,omitempty"` // What the engine calls the model.
	Results []RankedText `json:"results"`         // Best first.
	Usage   *RankUsage   `json:"usage,omitempty"` // The tokens that it took.
}

// RankedText is one document with its rank.
type RankedText struct {
	Index          int           `json:"index"`              // Of the document in the request.
	RelevanceScore float64       `json:"relevance_score"`    // The higher the better.
	Document       *DocumentText `json:"document,omitempty"` // The document itself, where it is repeated.
}

// RankUsage counts tokens.
type RankUsage struct {
	PromptTokens int `json:"prompt_tokens,omitempty"`
	TotalTokens  int `json:"total_tokens"`
}

// ScoreRequest asks how well pairs of texts go together. The pairs are given as
// text_1 and text_2, as queries and documents, or as a query and items.
type ScoreRequest struct {
	Model     string     `json:"model"`               // The name of the model, as the list of models has it.
	Text1     *TextInput `json:"text_1,omitempty"`    // One text for all pairs, or one for each.
	Text2     *TextInput `json:"text_2,omitempty"`    // The other texts.
	Queries   *TextInput `json:"queries,omitempty"`   // As text_1.
	Documents *TextInput `json:"documents,omitempty"` // As text_2.
	Query     string     `json:"query,omitempty"`     // One text for all pairs, as SGLang has it.
	Items     []string   `json:"items,omitempty"`     // The other texts, as SGLang has them.
}

// TextInput is a text or several.
type TextInput struct {
	One  string   `json:",inline"`
	Many []string `json:",inline"`
}

// Scores is the answer to ScoreRequest.
type Scores struct {
	ID      string     `json:"id,omitempty"`      // The engine's name of this answer.
	Object  string     `json:"object,omitempty"`  // Always list.
	Created int64      `json:"created,omitempty"` // Unix time, in seconds.
	Model   string     `json:"model,omitempty"`   // What the engine calls the model.
	Data    []Score    `json:"data"`              // One for each pair, in order.
	Usage   *RankUsage `json:"usage,omitempty"`   // The tokens that it took.
}

// Score is the score of one pair.
type Score struct {
	Index  int     `json:"index"`            // Of the pair.
	Object string  `json:"object,omitempty"` // Always score.
	Score  float64 `json:"score"`            // The higher the better.
}

// ClassifyRequest asks for the class of texts.
type ClassifyRequest struct {
	Model string    `json:"model"` // The name of the model, as the list of models has it.
	Input TextInput `json:"input"` // The texts.
}

// Classes is the answer to ClassifyRequest.
type Classes struct {
	ID      string     `json:"id,omitempty"`      // The engine's name of this answer.
	Object  string     `json:"object,omitempty"`  // Always list.
	Created int64      `json:"created,omitempty"` // Unix time, in seconds.
	Model   string     `json:"model,omitempty"`   // What the engine calls the model.
	Data    []Class    `json:"data"`              // One for each text, in order.
	Usage   *RankUsage `json:"usage,omitempty"`   // The tokens that it took.
}

// Class is the class of one text.
type Class struct {
	Index      int       `json:"index"`       // Of the text.
	Label      *string   `json:"label"`       // The most probable class.
	Probs      []float64 `json:"probs"`       // The probability of each class.
	NumClasses int       `json:"num_classes"` // How many classes there are.
}
