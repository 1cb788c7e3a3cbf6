package anthropic

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
)

// block is a block of content, of any of the types that are sent.
type block struct {
	Type         string          `json:"type"`
	Text         string          `json:"text,omitempty"`
	Source       *source         `json:"source,omitempty"`
	Title        string          `json:"title,omitempty"` // of a document
	ID           string          `json:"id,omitempty"`    // of a tool_use
	Name         string          `json:"name,omitempty"`
	Input        json.RawMessage `json:"input,omitempty"`
	ToolUseID    string          `json:"tool_use_id,omitempty"` // of a tool_result
	Content      []block         `json:"content,omitempty"`
	Thinking     *string         `json:"thinking,omitempty"`
	Signature    string          `json:"signature,omitempty"`
	Data         string          `json:"data,omitempty"` // of redacted_thinking
	CacheControl json.RawMessage `json:"cache_control,omitempty"`
}

// source is where an image or document comes from.
type source struct {
	Type      string `json:"type"`
	MediaType string `json:"media_type,omitempty"`
	Data      string `json:"data,omitempty"`
	URL       string `json:"url,omitempty"`
}

// appendParts appends the blocks for parts of a message's content. Text of
// white space alone makes no block: it joins the text before it, if there is
// any.
func appendParts(dst []block, parts []chat.Part) ([]block, error) {
	var blank []byte
	join := func() {
		if n := len(dst); n > 0 && len(blank) > 0 && dst[n-1].Type == "text" {
			dst[n-1].Text += string(blank)
		}
		blank = blank[:0]
	}
	for _, p := range parts {
		text := p.Kind == chat.TextPart || p.Kind == chat.RefusalPart
		if text && strings.TrimSpace(p.Text) == "" {
			blank = append(blank, p.Text...)
			continue
		}
		join()
		b, err := block{Type: "text", Text: p.Text}, error(nil)
		if !text {
			b, err = media(p)
		}
		if err != nil {
			return nil, err
		}
		b.CacheControl = p.CacheControl
		dst = append(dst, b)
	}
	join()
	return dst, nil
}

// media returns the block for what is no text.
func media(p chat.Part) (block, error) {
	switch {
	case p.Kind == chat.AudioPart:
		return block{}, chat.Unsupported(name, p.Audio.Path)
	case p.Kind == chat.FilePart:
		return document(p.File)
	}
	if p.Image.URL != "" {
		return block{Type: "image", Source: &source{Type: "url", URL: p.Image.URL}}, nil
	}
	if b, ok := image(p.Image.MediaType, p.Image.Data); ok {
		return b, nil
	}
	return block{}, invalid(p.Image.Path, "is of type '%s' but must be of image/jpeg, image/png, image/gif or image/webp", param.Clip(p.Image.MediaType, 64))
}

// image returns the block for the bytes of an image of a type that Anthropic
// takes.
func image(mediaType, data string) (block, bool) {
	switch mediaType {
	case "image/jpg":
		mediaType = "image/jpeg"
	case "image/jpeg", "image/png", "image/gif", "image/webp":
	default:
		return block{}, false
	}
	return block{Type: "image", Source: &source{Type: "base64", MediaType: mediaType, Data: data}}, true
}

// pdfStart is how the base64 of a PDF starts, as far as it is the same for all.
const pdfStart = "JVBERi"

// document returns the block for a file.
func document(f chat.File) (block, error) {
	if f.ID != "" {
		return block{}, chat.Unsupported(name, f.Path+".file_id")
	}
	kind := f.MediaType
	if kind == "" || kind == "application/octet-stream" {
		kind = ""
		if strings.HasPrefix(f.Data, pdfStart) {
			kind = "application/pdf"
		}
	}
	if b, ok := image(kind, f.Data); ok {
		return b, nil
	}
	b := block{Type: "document", Title: f.Name}
	switch {
	case kind == "application/pdf":
		b.Source = &source{Type: "base64", MediaType: kind, Data: f.Data}
		return b, nil
	case strings.HasPrefix(kind, "text/"):
		text, err := base64.StdEncoding.DecodeString(f.Data)
		if err == nil && utf8.Valid(text) && strings.TrimSpace(string(text)) != "" {
			b.Source = &source{Type: "text", MediaType: "text/plain", Data: string(text)}
			return b, nil
		}
	}
	return block{}, invalid(f.Path+".file_data", "must be a PDF, an image (JPEG, PNG, GIF or WebP) or text in UTF-8, as a data URL with its media type")
}
