package answer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Picture returns a small PNG image whose colour depends on the prompt.
func Picture(prompt string) []byte {
	const side = 16
	h := hash(prompt)
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{
		color.RGBA{byte(h), byte(h >> 8), byte(h >> 16), 255},
		color.RGBA{byte(h >> 24), byte(h >> 32), byte(h >> 40), 255},
	})
	for i := range img.Pix {
		img.Pix[i] = byte((i/side + i%side) & 1)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(fmt.Sprintf("a PNG does not encode: %v", err)) // a buffer takes all
	}
	return b.Bytes()
}

// The rate of Speech, in samples a second of 16 bits.
const sampleRate = 24000

// Speech returns a text as sound and its media type: a tone of 50 ms for each
// token. Formats are wav, pcm (16 bits, little-endian, mono) and mp3 (valid
// frames of silence); ok is false for others.
func Speech(text, format string) (sound []byte, mediaType string, ok bool) {
	n := Count(text)
	switch format {
	case "wav":
		pcm := tones(text, n)
		return append(wavHeader(len(pcm)), pcm...), "audio/wav", true
	case "pcm":
		return tones(text, n), "audio/pcm", true
	case "mp3":
		return silence(n * 2), "audio/mpeg", true
	}
	return nil, "", false
}

func tones(text string, n int) []byte {
	const each = sampleRate / 20
	var b []byte
	step := 2 * math.Pi * (220 + 220*fraction(text)) / sampleRate
	for i := range n * each {
		fade := math.Sin(math.Pi * float64(i%each) / each)
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(8000*fade*math.Sin(step*float64(i)))))
	}
	return b
}

func wavHeader(n int) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("RIFF"), uint32(36+n))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // mono
	b = le.AppendUint32(b, sampleRate)
	b = le.AppendUint32(b, sampleRate*2)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	return le.AppendUint32(append(b, "data"...), uint32(n))
}

// silence returns n frames of MPEG-1 layer III at 128 kbit/s and 44.1 kHz, mono.
// A frame whose side information is zero is silent.
func silence(n int) []byte {
	const size = 144 * 128000 / 44100
	b := make([]byte, n*size)
	for i := range n {
		copy(b[i*size:], []byte{0xff, 0xfb, 0x90, 0xc0})
	}
	return b
}

// Transcript is what the engine hears in a recording.
func Transcript(name string, size int) string {
	return fmt.Sprintf("I heard %d bytes of %s.", size, name)
}
