package sdk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/record"
)

// left waits until the engine and the gateway have seen that the client left.
func left(t *testing.T, w *world, e *fakellm.Engine) {
	t.Helper()
	if _, err := e.WaitCancelled(within(t)); err != nil {
		t.Fatalf("the engine goes on: %v", err)
	}
	if r := w.Record(); r.Outcome != record.ClientGone || r.Status != 499 {
		t.Errorf("the record says %s, status %d", r.Outcome, r.Status)
	}
}

// halfway is an engine that says some words and then no more.
func halfway() fakellm.Script {
	gate := fakellm.NewGate()
	gate.Step(6)
	return fakellm.Script{Wait: fakellm.Wait{Gate: gate}, Say: fakellm.Says{Text: "word", Tokens: 100}}
}

func TestCancelStream(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c, e := w.openAI(t), w.engines[model(d)]
		for _, how := range []string{"context", "close"} {
			t.Run(how, func(t *testing.T) {
				e.Queue(halfway())
				ctx, cancel := context.WithCancel(within(t))
				defer cancel()
				s := c.Chat.Completions.NewStreaming(ctx, hello(d, "chat"))
				for s.Next() {
					if choices := s.Current().Choices; len(choices) > 0 && choices[0].Delta.Content != "" {
						break
					}
				}
				if err := s.Err(); err != nil {
					t.Fatal(err)
				}
				if how == "close" {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				} else {
					cancel()
					for s.Next() {
						continue // what had arrived before
					}
					if err := s.Err(); !errors.Is(err, context.Canceled) {
						t.Errorf("the stream ends with %v", err)
					}
				}
				left(t, w, e)
			})
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		c, e := w.openAI(t), w.engines[model(d)]
		for _, streamed := range []bool{false, true} {
			gate := fakellm.NewGate()
			e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
			ctx, cancel := context.WithCancel(within(t))
			result := make(chan error, 1)
			go func() {
				if !streamed {
					_, err := c.Chat.Completions.New(ctx, hello(d, "chat"))
					result <- err
					return
				}
				s := c.Chat.Completions.NewStreaming(ctx, hello(d, "chat"))
				for s.Next() {
					continue
				}
				result <- s.Err()
			}()
			if err := gate.Reached(within(t), 0); err != nil {
				t.Fatal(err)
			}
			cancel()
			if err := <-result; !errors.Is(err, context.Canceled) {
				t.Errorf("streamed %t: %v", streamed, err)
			}
			left(t, w, e)
		}
	})
}

func TestTimeout(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		e := w.engines[model(d)]
		e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: fakellm.NewGate()}})
		c := w.openAI(t, option.WithRequestTimeout(500*time.Millisecond))
		if _, err := c.Chat.Completions.New(within(t), hello(d, "chat")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
		left(t, w, e)
	})
}

// TestKeepAlive has the gateway send comments while the engine thinks, which
// the client must not notice.
func TestKeepAlive(t *testing.T) {
	each(t, func(t *testing.T, w *world, d fakellm.Dialect) {
		e := w.engines[model(d)]
		e.Queue(fakellm.Script{Wait: fakellm.Wait{First: 100 * time.Millisecond}})
		if text, err := stream(t, w.openAI(t), hello(d, "chat")); err != nil || text != "You said: hello" {
			t.Errorf("%q, %v", text, err)
		}
	})
}
