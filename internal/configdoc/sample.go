package main

import (
	"bytes"
	"fmt"
	"strings"
)

const sampleIntro = `# A sample of gatehouse.yaml, made by ` + "`go run ./internal/configdoc`" + `.
#
# What is set here is what an empty file means. Lines that begin with a # and no
# space after it are examples: take the # away and change them. The reference of
# all keys is config.md beside this file.
`

const sampleWidth = 80

func renderSample(sections []*section) []byte {
	var b bytes.Buffer
	b.WriteString(sampleIntro)
	byPath := map[string]*section{}
	for _, s := range sections {
		byPath[s.path()] = s
	}
	for _, k := range byPath[""].keys {
		fmt.Fprintf(&b, "\n%s\n", wrap(k.doc, "# ", sampleWidth))
		switch inner := byPath[k.name]; {
		case k.example != "":
			for line := range strings.Lines(k.example) {
				b.WriteString("#" + line)
			}
			b.WriteByte('\n')
		case inner == nil:
			setting(&b, "", k)
		default:
			fmt.Fprintf(&b, "%s:\n", k.name)
			for _, k := range inner.keys {
				fmt.Fprintf(&b, "%s\n", wrap(k.doc, "  # ", sampleWidth))
				setting(&b, "  ", k)
			}
		}
	}
	return b.Bytes()
}

// setting writes a key with its default, or with its example after a #.
func setting(b *bytes.Buffer, indent string, k key) {
	if k.preset != "" {
		fmt.Fprintf(b, "%s%s: %s\n", indent, k.name, k.preset)
	} else {
		fmt.Fprintln(b, strings.TrimRight(fmt.Sprintf("%s#%s: %s", indent, k.name, k.sample), " "))
	}
}
