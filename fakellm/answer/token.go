package answer

import (
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Split cuts a text into tokens: a token is a run of characters without white
// space, together with the white space before it. White space at the end is a
// token of its own. Joined, the tokens are the text again.
func Split(text string) []string {
	var tokens []string
	start, word := 0, false
	for i, r := range text {
		space := unicode.IsSpace(r)
		if space && word {
			tokens = append(tokens, text[start:i])
			start = i
		}
		word = !space
	}
	if start < len(text) {
		tokens = append(tokens, text[start:])
	}
	return tokens
}

// Count returns the number of tokens of a text. It is the number of words, but
// for white space at the end.
func Count(text string) int {
	n, word := 0, true
	for _, r := range text {
		space := unicode.IsSpace(r)
		if space && word || n == 0 {
			n++
		}
		word = !space
	}
	return n
}

// MaxWords is how many different tokens a Vocabulary remembers.
const MaxWords = 1 << 16

// Vocabulary gives tokens their numbers. A number is a hash of the token, the
// same in every process; the way back knows only tokens that this vocabulary
// has numbered. It is safe for concurrent use; the zero value is ready.
type Vocabulary struct {
	mu    sync.Mutex
	words map[int]string
}

// Encode returns the numbers of the tokens of a text.
func (v *Vocabulary) Encode(text string) []int {
	tokens := Split(text)
	ids := make([]int, len(tokens))
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.words == nil {
		v.words = map[int]string{}
	}
	for i, token := range tokens {
		id := number(token)
		ids[i] = id
		if _, known := v.words[id]; known || len(v.words) < MaxWords {
			v.words[id] = token
		}
	}
	return ids
}

// Decode returns the text of token numbers. A number that is not known reads
// as " <number>".
func (v *Vocabulary) Decode(ids []int) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var b strings.Builder
	for _, id := range ids {
		if word, ok := v.words[id]; ok {
			b.WriteString(word)
		} else {
			b.WriteString(" <" + strconv.Itoa(id) + ">")
		}
	}
	return b.String()
}

func number(token string) int {
	h := fnv.New32a()
	h.Write([]byte(token)) // a hash never fails
	return int(h.Sum32() & 0x7fffffff)
}

// Logprob is the made-up log probability of a token: the longer the token, the
// less probable, and always above -2.
func Logprob(token string) float64 {
	return -float64(1+utf8.RuneCountInString(token)%15) / 8
}

// Alternative returns the i-th most probable token in the place of token, and
// its log probability. The most probable one, 0, is the token itself.
func Alternative(token string, i int) (string, float64) {
	if i == 0 {
		return token, Logprob(token)
	}
	return token + "~" + strconv.Itoa(i), Logprob(token) - float64(i)
}
