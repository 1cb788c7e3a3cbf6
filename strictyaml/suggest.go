package strictyaml

import (
	"strings"
	"unicode"
)

// didYouMean returns the hint for what was probably meant, or "" for "".
func didYouMean(meant string) string {
	if meant == "" {
		return ""
	}
	return `did you mean "` + meant + `"?`
}

// nearest returns the candidate that was probably meant, or "" if none is near.
// One that differs in digits alone is not: http1 is no misspelt http2.
func nearest(got string, candidates []string) string {
	got = strings.ToLower(got)
	best, least := "", 1+max(1, len(got)/3)
	for _, c := range candidates {
		lower := strings.ToLower(c)
		n := distance(got, lower)
		switch {
		case withoutDigits(got) == withoutDigits(lower):
			continue
		case len(got) > 2 && (strings.HasPrefix(got, lower) || strings.HasPrefix(lower, got)):
			n = min(n, 1)
		}
		if n < least {
			best, least = c, n
		}
	}
	return best
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, s)
}

// distance is the number of characters that must be put in, left out, replaced
// or swapped with their neighbour to get from a to b.
func distance(a, b string) int {
	const tooLong = 64
	if len(a) > tooLong || len(b) > tooLong {
		return tooLong
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
