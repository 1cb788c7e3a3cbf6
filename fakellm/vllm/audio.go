package vllm

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// pieceSize is how many bytes of sound are sent at once.
const pieceSize = 4800

func speak(r *turn.Request) (*turn.Reply, error) {
	var c struct {
		openai.Modelled
		Input  string `json:"input"`
		Format string `json:"response_format"`
		Stream string `json:"stream_format"`
	}
	if err := flavour.Read(r, &c); err != nil {
		return nil, err
	}
	if c.Input == "" {
		return nil, turn.Invalid("input", "input is missing.")
	}
	if c.Format == "" {
		c.Format = "mp3"
	}
	sound, media, ok := answer.Speech(c.Input, c.Format)
	if !ok {
		return nil, turn.Invalid("response_format", "response_format must be mp3, wav or pcm, got %q.", c.Format)
	}
	in := answer.Count(c.Input)
	var frames []turn.Frame
	for len(sound) > 0 {
		piece := sound[:min(pieceSize, len(sound))]
		sound = sound[len(piece):]
		if c.Stream == "sse" {
			piece = turn.Marshal(map[string]string{
				"type": "speech.audio.delta", "audio": base64.StdEncoding.EncodeToString(piece),
			})
		}
		frames = append(frames, turn.Frame{Data: piece, Tokens: 1})
	}
	if c.Stream != "sse" {
		reply := &turn.Reply{Status: 200, Type: media, Framing: turn.Chunks, Frames: frames}
		return reply.Count(in, len(frames)), nil
	}
	frames = append(frames, turn.Frame{End: true, Data: turn.Marshal(map[string]any{
		"type": "speech.audio.done", "usage": ioUsage(in, len(frames)),
	})})
	reply := turn.Stream(frames).Count(in, len(frames)-1)
	reply.Fail = flavour.Broken
	return reply, nil
}

func ioUsage(in, out int) map[string]any {
	return map[string]any{"input_tokens": in, "output_tokens": out, "total_tokens": in + out}
}

func transcribe(r *turn.Request) (*turn.Reply, error) { return hear(r, "transcribe") }
func translate(r *turn.Request) (*turn.Reply, error)  { return hear(r, "translate") }

// hear answers transcriptions and translations. The model and the other fields
// may come after the file.
func hear(r *turn.Request, task string) (*turn.Reply, error) {
	f, err := readForm(r)
	if err != nil {
		return nil, err
	}
	sound, ok := f.file("file")
	if !ok {
		return nil, turn.Invalid("file", "file is missing.")
	}
	text := r.Says.Text
	if text == "" {
		text = answer.Transcript(sound.name, len(sound.data))
	}
	tokens := answer.Split(text)
	if f.get("stream") == "true" && task == "transcribe" {
		return hearStream(tokens), nil
	}
	seconds := float64(len(sound.data)) / 32000 // 16 kHz, 16 bits
	switch format := f.get("response_format"); format {
	case "", "json":
		body := map[string]any{"text": text}
		if task == "transcribe" {
			usage := ioUsage(1, len(tokens))
			usage["type"] = "tokens"
			body["usage"] = usage
		}
		return turn.JSON(200, body).Count(1, len(tokens)), nil
	case "text":
		return turn.Bytes(200, "text/plain; charset=utf-8", []byte(text+"\n")).Count(1, len(tokens)), nil
	case "srt":
		body := fmt.Sprintf("1\n%s --> %s\n%s\n\n", clock(0, ','), clock(seconds, ','), text)
		return turn.Bytes(200, "text/plain; charset=utf-8", []byte(body)).Count(1, len(tokens)), nil
	case "vtt":
		body := fmt.Sprintf("WEBVTT\n\n%s --> %s\n%s\n\n", clock(0, '.'), clock(seconds, '.'), text)
		return turn.Bytes(200, "text/vtt; charset=utf-8", []byte(body)).Count(1, len(tokens)), nil
	case "verbose_json":
		return turn.JSON(200, verbose(task, f, tokens, seconds)).Count(1, len(tokens)), nil
	default:
		return nil, turn.Invalid("response_format", "response_format is %q, which is not supported.", format)
	}
}

// clock renders seconds as in subtitles.
func clock(seconds float64, point byte) string {
	ms := int(seconds * 1000)
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3600000, ms/60000%60, ms/1000%60, point, ms%1000)
}

// verbose has one segment, and words if they are asked for.
func verbose(task string, f *form, tokens []string, seconds float64) map[string]any {
	language := f.get("language")
	if language == "" || task == "translate" {
		language = "english"
	}
	text := strings.Join(tokens, "")
	body := map[string]any{
		"task": task, "language": language, "duration": seconds, "text": text,
		"segments": []any{map[string]any{
			"id": 0, "seek": 0, "start": 0, "end": seconds, "text": text, "tokens": []int{},
			"temperature": 0, "avg_logprob": -0.25, "compression_ratio": 1, "no_speech_prob": 0,
		}},
		"usage": map[string]any{"type": "duration", "seconds": int(seconds + 1)},
	}
	for _, g := range f.list("timestamp_granularities") {
		if g != "word" {
			continue
		}
		each := seconds / float64(max(len(tokens), 1))
		words := []any{}
		for i, token := range tokens {
			words = append(words, map[string]any{
				"word": strings.TrimSpace(token), "start": each * float64(i), "end": each * float64(i+1),
			})
		}
		body["words"] = words
	}
	return body
}

func hearStream(tokens []string) *turn.Reply {
	var frames []turn.Frame
	for _, token := range tokens {
		frames = append(frames, turn.Frame{Tokens: 1, Data: turn.Marshal(map[string]any{
			"type": "transcript.text.delta", "delta": token,
		})})
	}
	usage := ioUsage(1, len(tokens))
	usage["type"] = "tokens"
	frames = append(frames, turn.Frame{End: true, Data: turn.Marshal(map[string]any{
		"type": "transcript.text.done", "text": strings.Join(tokens, ""), "usage": usage,
	})})
	reply := turn.Stream(frames).Count(1, len(tokens))
	reply.Fail = flavour.Broken
	return reply
}
