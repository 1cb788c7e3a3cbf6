package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"time"
)

// Panel is one diagram.
type Panel struct {
	Title string
	Lines []Line
}

// Line is one line of it.
type Line struct {
	Name   string
	Points []Point // by rising share
}

// Point says that a share of all requests took at most a time.
type Point struct {
	Share float64 // from 0 to below 1
	Time  time.Duration
}

// Sizes, in the unit of the drawing.
const (
	width  = 860
	height = 360
	left   = 80
	right  = 200
	above  = 50
	below  = 50
)

// SVG draws panels below one another.
func SVG(title string, panels []Panel) []byte {
	var b bytes.Buffer
	total := 40 + height*len(panels)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, total, width, total)
	fmt.Fprintf(&b, "<title>%s</title>\n", text(title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
	fmt.Fprintf(&b, `<text x="%d" y="26" font-size="16">%s</text>`+"\n", left, text(title))
	for i, p := range panels {
		fmt.Fprintf(&b, `<g transform="translate(0 %d)">`+"\n", 40+i*height)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// text escapes what stands between tags.
func text(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a Buffer takes everything
	return b.String()
}

// colour returns the colour of a line; they can be told apart by the colour-blind.
func colour(i int) string {
	all := []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"}
	return all[i%len(all)]
}

func (p *Panel) draw(b *bytes.Buffer) {
	nines, low, high := p.bounds()
	x := func(share float64) float64 {
		return left + (width-left-right)*min(-math.Log10(1-share)/nines, 1)
	}
	y := func(d time.Duration) float64 {
		v := math.Log10(max(float64(d), float64(low)))
		return height - below - (height-above-below)*(v-math.Log10(float64(low)))/(math.Log10(float64(high))-math.Log10(float64(low)))
	}
	fmt.Fprintf(b, `<text x="%d" y="30" font-size="14">%s</text>`+"\n", left, text(p.Title))
	for d := low; d <= high; d *= 10 {
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#ccc"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left, y(d), width-right, left-8, y(d)+4, d)
	}
	for n, label := range []string{"0%", "90%", "99%", "99.9%", "99.99%", "99.999%"} {
		if float64(n) > nines {
			break
		}
		at := x(1 - math.Pow(10, -float64(n)))
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="#ccc"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", at, above, height-below, at, height-below+18, label)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">share of requests that took at most this long</text>`+"\n", (left+width-right)/2, height-below+36)
	for i, l := range p.Lines {
		fmt.Fprintf(b, `<path d="M%d %dh24" stroke="%s" stroke-width="2"/><text x="%d" y="%d">%s</text>`+"\n", width-right+12, above+10+i*20, colour(i), width-right+42, above+14+i*20, text(l.Name))
		if len(l.Points) == 0 {
			continue
		}
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour(i))
		for _, pt := range l.Points {
			fmt.Fprintf(b, "%.1f,%.1f ", x(pt.Share), y(pt.Time))
		}
		b.WriteString(`"/>` + "\n")
	}
}

// bounds returns how many nines there are, and the powers of ten around all times.
func (p *Panel) bounds() (nines float64, low, high time.Duration) {
	nines, low, high = 1, 0, 0
	for _, l := range p.Lines {
		for _, pt := range l.Points {
			nines = max(nines, min(-math.Log10(1-pt.Share), 5))
			t := max(pt.Time, time.Microsecond)
			if low == 0 || t < low {
				low = t
			}
			high = max(high, t)
		}
	}
	if low == 0 {
		return nines, time.Millisecond, 10 * time.Millisecond
	}
	power := func(d time.Duration, round func(float64) float64) time.Duration {
		return time.Duration(math.Pow(10, round(math.Log10(float64(d)))))
	}
	low, high = power(low, math.Floor), power(high, math.Ceil)
	if high <= low {
		high = low * 10
	}
	return nines, low, high
}
