package evloop

import "testing"

// FuzzRecords has the framing followed alike however it is cut in two, and
// counts its records in another way.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("\x17\x03\x03\x00\x02ab\x17\x03\x03\x00\x00\x17\x03\x03\x00\x01c\x17\x03"), 3)
	f.Add([]byte("\x16\x03\x01\xff\xff"), 5)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		cut = min(max(cut, 0), len(data))
		var whole, pieces records
		whole.follow(data)
		pieces.follow(data[:cut])
		pieces.follow(data[cut:])
		if whole != pieces {
			t.Errorf("cut at %d: %+v, in one piece %+v", cut, pieces, whole)
		}
		n := 0
		for rest := data; len(rest) >= 5; n++ {
			end := 5 + int(rest[3])<<8 + int(rest[4])
			if end > len(rest) {
				break
			}
			rest = rest[end:]
		}
		if whole.whole != n || whole.waiting() != (n > 0) {
			t.Errorf("%d records, waiting %v, want %d", whole.whole, whole.waiting(), n)
		}
	})
}
