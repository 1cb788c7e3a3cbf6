package answer

import (
	"slices"
	"strconv"
	"strings"
)

// thought is the reasoning of an engine that is asked to reason.
const thought = "The user wants me to repeat what was said."

// Answer answers the question.
func (q *Question) Answer(says Says) Answer {
	var a Answer
	u := Usage{Input: q.Input(), CachedInput: says.CachedInput, CacheWrite: says.CacheWrite}
	for i := range max(q.N, 1) {
		c := q.choice(i, says)
		u.Output += c.Output()
		u.Reasoning += len(c.Reasoning)
		a.Choices = append(a.Choices, c)
	}
	u.Input = max(u.Input, u.CachedInput+u.CacheWrite)
	a.Usage = says.Count(u)
	return a
}

// Count returns what is told of the usage u.
func (s *Says) Count(u Usage) *Usage {
	switch {
	case s.NoUsage:
		return nil
	case s.Usage != nil:
		return s.Usage
	}
	return &u
}

func (q *Question) choice(i int, says Says) Choice {
	c := Choice{Finish: Stop, Calls: says.Calls}
	switch {
	case says.Reasoning != "":
		c.Reasoning = Split(says.Reasoning)
	case q.Reason:
		c.Reasoning = Split(thought)
	}
	if says.Text == "" && len(c.Calls) == 0 {
		c.Calls = q.calls()
	}
	if len(c.Calls) > 0 {
		c.Finish = ToolCalls
	}
	if len(c.Calls) == 0 || says.Text != "" {
		text := says.Text
		if text == "" {
			text = q.text(i)
		}
		text, c.Stopped = cutAtStop(text, q.Stop)
		c.Text = repeat(Split(text), max(says.Tokens, q.MinTokens))
		if q.MaxTokens > 0 && q.MinTokens >= q.MaxTokens {
			c.Finish = Length // it would have gone on
		}
	}
	if q.MaxTokens > 0 && c.Output() > q.MaxTokens {
		c.cut(q.MaxTokens)
	}
	if says.Finish != "" {
		c.Finish = says.Finish
	}
	return c
}

// cut shortens the choice to n tokens: reasoning comes first, calls last.
func (c *Choice) cut(n int) {
	take := func(tokens []string) []string {
		k := min(n, len(tokens))
		n -= k
		return tokens[:k]
	}
	c.Reasoning = take(c.Reasoning)
	c.Text = take(c.Text)
	var calls []Call
	for _, call := range c.Calls {
		if n == 0 {
			break
		}
		calls = append(calls, Call{call.Name, strings.Join(take(call.Pieces()), "")})
	}
	c.Calls, c.Finish, c.Stopped = calls, Length, ""
}

// repeat makes tokens at least n, by saying them again.
func repeat(tokens []string, n int) []string {
	if len(tokens) == 0 && n > 0 {
		tokens = []string{"word"}
	}
	k := len(tokens)
	for i := 0; len(tokens) < n; i++ {
		tokens = append(tokens, " "+strings.TrimSpace(tokens[i%k]))
	}
	return tokens
}

// cutAtStop ends the text before the first of the stop sequences.
func cutAtStop(text string, stops []string) (string, string) {
	at, by := len(text), ""
	for _, s := range stops {
		if i := strings.Index(text, s); s != "" && i >= 0 && i < at {
			at, by = i, s
		}
	}
	return text[:at], by
}

// text is the i-th text answer.
func (q *Question) text(i int) string {
	text := q.echo()
	if i > 0 {
		text += " [" + strconv.Itoa(i+1) + "]"
	}
	switch q.Format {
	case JSON:
		return `{"answer": ` + quote(text) + `}`
	case Schema:
		return Instance(q.Schema)
	default:
		return text
	}
}

func (q *Question) echo() string {
	var results []string
	for _, m := range slices.Backward(q.Messages) {
		switch m.Role {
		case ToolRole:
			results = append([]string{m.Text}, results...)
			continue
		case User:
			if results == nil {
				return strings.TrimRight("You said: "+m.Text, " ") + strings.Repeat(" [image]", m.Images)
			}
		case Assistant:
			if results == nil {
				continue
			}
		default:
			continue
		}
		break
	}
	if results != nil {
		return "The tool said: " + strings.Join(results, " and ")
	}
	return "You said nothing."
}

// calls returns the tool calls that the question asks for.
func (q *Question) calls() []Call {
	if q.Mode == Never || len(q.Tools) == 0 {
		return nil
	}
	var calls []Call
	said := q.said()
	for _, t := range q.Tools {
		named := q.Mode == Named && t.Name == q.Tool
		if named || q.Mode != Named && t.Name != "" && strings.Contains(said, t.Name) {
			calls = append(calls, Call{t.Name, Instance(t.Schema)})
		}
		if len(calls) > 0 && (q.OneCall || named) {
			break
		}
	}
	if len(calls) == 0 && q.Mode == Required {
		calls = []Call{{q.Tools[0].Name, Instance(q.Tools[0].Schema)}}
	}
	return calls
}

// said is the text of the last message, if a user said it.
func (q *Question) said() string {
	if n := len(q.Messages); n > 0 && q.Messages[n-1].Role == User {
		return q.Messages[n-1].Text
	}
	return ""
}
