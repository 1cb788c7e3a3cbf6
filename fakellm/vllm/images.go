package vllm

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// picture is what is asked of the three image operations.
type picture struct {
	openai.Modelled
	Prompt  string `json:"prompt"`
	N       *int   `json:"n"`
	Size    string `json:"size"`
	Quality string `json:"quality"`
	Format  string `json:"response_format"`
	Stream  bool   `json:"stream"`
	Partial int    `json:"partial_images"`
}

func generateImage(r *turn.Request) (*turn.Reply, error) {
	var p picture
	if err := flavour.Read(r, &p); err != nil {
		return nil, err
	}
	if p.Prompt == "" {
		return nil, turn.Invalid("prompt", "prompt is missing.")
	}
	return draw(r, "image_generation", &p)
}

func editImage(r *turn.Request) (*turn.Reply, error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var p struct {
			picture
			Images []struct {
				URL    string `json:"image_url"`
				FileID string `json:"file_id"`
			} `json:"images"`
		}
		if err := flavour.Read(r, &p); err != nil {
			return nil, err
		}
		if p.Prompt == "" || len(p.Images) == 0 {
			return nil, turn.Invalid("prompt", "prompt and images are needed.")
		}
		return draw(r, "image_edit", &p.picture)
	}
	p, err := drawing(r)
	if err != nil {
		return nil, err
	}
	if p.Prompt == "" {
		return nil, turn.Invalid("prompt", "prompt is missing.")
	}
	return draw(r, "image_edit", p)
}

func varyImage(r *turn.Request) (*turn.Reply, error) {
	p, err := drawing(r)
	if err != nil {
		return nil, err
	}
	p.Stream = false
	return draw(r, "", p)
}

// drawing reads a form that has an image. The prompt is joined with the name of
// the image, so that the answer depends on both.
func drawing(r *turn.Request) (*picture, error) {
	f, err := readForm(r)
	if err != nil {
		return nil, err
	}
	if _, ok := f.file("image"); !ok {
		return nil, turn.Invalid("image", "image is missing.")
	}
	p := &picture{
		Modelled: openai.Modelled{Model: f.get("model")}, Prompt: f.get("prompt"), Size: f.get("size"),
		Quality: f.get("quality"), Format: f.get("response_format"), Stream: f.get("stream") == "true",
	}
	for name, to := range map[string]func(int){
		"n":              func(n int) { p.N = &n },
		"partial_images": func(n int) { p.Partial = n },
	} {
		if v := f.get(name); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				return nil, turn.Invalid(name, "%s must be a number, got %q.", name, v)
			}
			to(n)
		}
	}
	return p, nil
}

func draw(r *turn.Request, event string, p *picture) (*turn.Reply, error) {
	n := 1
	if p.N != nil {
		n = *p.N
	}
	if n < 1 || n > 10 || p.Partial < 0 || p.Partial > 3 {
		return nil, turn.Invalid("n", "n must be from 1 to 10 and partial_images from 0 to 3.")
	}
	in := answer.Count(p.Prompt)
	usage := ioUsage(in, n*answer.ImageTokens)
	usage["input_tokens_details"] = map[string]int{"text_tokens": in, "image_tokens": 0}
	about := map[string]any{
		"background": "opaque", "output_format": "png", "size": or(p.Size, "1024x1024"), "quality": or(p.Quality, "low"),
	}
	if p.Stream {
		reply := turn.Stream(drawn(r, event, p, about, usage)).Count(in, answer.ImageTokens)
		reply.Fail = flavour.Broken
		return reply, nil
	}
	data := []map[string]any{}
	for i := range n {
		b64 := base64.StdEncoding.EncodeToString(answer.Picture(p.Prompt + strconv.Itoa(i)))
		if p.Format == "url" {
			data = append(data, map[string]any{"url": "data:image/png;base64," + b64})
		} else {
			data = append(data, map[string]any{"b64_json": b64})
		}
	}
	about["created"], about["data"], about["usage"] = r.Now.Unix(), data, usage
	return turn.JSON(200, about).Count(in, n*answer.ImageTokens), nil
}

// drawn renders one image as partial images and the whole one.
func drawn(r *turn.Request, event string, p *picture, about, usage map[string]any) []turn.Frame {
	var frames []turn.Frame
	add := func(kind string, tokens int) {
		about["type"], about["created_at"] = event+"."+kind, r.Now.Unix()
		about["b64_json"] = base64.StdEncoding.EncodeToString(answer.Picture(p.Prompt + strconv.Itoa(len(frames))))
		frames = append(frames, turn.Frame{
			Name: event + "." + kind, Data: turn.Marshal(about), Tokens: tokens, End: kind == "completed",
		})
	}
	for i := range p.Partial {
		about["partial_image_index"] = i
		add("partial_image", 0)
	}
	delete(about, "partial_image_index")
	about["usage"] = usage
	add("completed", answer.ImageTokens)
	return frames
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
