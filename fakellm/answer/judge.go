package answer

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"unicode"
)

// Vector returns the embedding of a text: size numbers drawn from a hash of the
// text, of which the first dims are kept (0: all). With unit the vector has
// length 1, also after dims has cut it.
func Vector(text string, size, dims int, unit bool) []float32 {
	rng := rand.New(rand.NewPCG(hash(text), 1))
	v := make([]float64, size)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	if dims > 0 && dims < size {
		v = v[:dims]
	}
	scale := 1.0
	if unit {
		sum := 0.0
		for _, x := range v {
			sum += x * x
		}
		if sum > 0 {
			scale = 1 / math.Sqrt(sum)
		}
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x * scale)
	}
	return out
}

func hash(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text)) // a hash never fails
	return h.Sum64()
}

// Score says how well a document fits a query, from 0 to 1: the share of the
// query's words that stand in the document, and a little that depends on the
// document alone, so that no two are quite equal.
func Score(query, document string) float64 {
	has := map[string]bool{}
	for _, w := range words(document) {
		has[w] = true
	}
	q, hits := words(query), 0
	for _, w := range q {
		if has[w] {
			hits++
		}
	}
	share := float64(hits) / float64(max(len(q), 1))
	return math.Round((0.98*share+0.02*fraction(document))*1e6) / 1e6
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// fraction maps a text to a number from 0 up to but not including 1.
func fraction(text string) float64 { return float64(hash(text)>>11) / (1 << 53) }

// labels are the classes that Classify knows.
var labels = [...]string{"LABEL_0", "LABEL_1"}

// Classify returns the label of a text and the probabilities of all labels.
func Classify(text string) (string, []float64) {
	p := math.Round(fraction(text)*1e6) / 1e6
	probs := []float64{1 - p, p}
	if p > 0.5 {
		return labels[1], probs
	}
	return labels[0], probs
}

// Harmful tells whether a text falls in a category of moderation: it does if it
// contains the words of the category's name.
func Harmful(text, category string) bool {
	text = " " + strings.Join(words(text), " ") + " "
	return strings.Contains(text, " "+strings.Join(words(category), " ")+" ")
}
