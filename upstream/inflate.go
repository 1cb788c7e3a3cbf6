package upstream

import (
	"compress/gzip"
	"fmt"
	"io"
	"sync"
)

// tooPacked is how many bytes may wait to be decoded before the endpoint has to.
const tooPacked = 256 << 10

// inflater undoes the gzip encoding of a body. Decoders block for more input,
// so it runs in a goroutine of its own, which hands its pieces to the loop one
// at a time.
type inflater struct {
	u     *Conn
	ended bool // of the loop

	mu     sync.Mutex
	more   sync.Cond
	packed []byte
	err    error // after packed
	clean  bool  // the connection can be used again
}

func newInflater(u *Conn) *inflater {
	z := &inflater{u: u}
	z.more.L = &z.mu
	go z.run()
	return z
}

// write takes a piece of the body. It is called on the loop, like end.
func (z *inflater) write(p []byte) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.packed = append(z.packed, p...)
	if len(z.packed) > tooPacked {
		z.u.Pause()
	}
	z.more.Signal()
}

// end says that nothing more comes, and why if that is not the proper end.
func (z *inflater) end(reusable bool, err error) {
	if z.ended {
		return
	}
	z.ended = true
	if err == nil {
		err = io.EOF
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.clean, z.err = reusable, err
	z.u.Pause() // nothing that comes now belongs to the answer
	z.more.Signal()
}

// Read waits for what has been written.
func (z *inflater) Read(p []byte) (int, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for len(z.packed) == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.more.Wait()
	}
	n := copy(p, z.packed)
	z.packed = z.packed[:copy(z.packed, z.packed[n:])]
	return n, nil
}

func (z *inflater) run() {
	err := z.decode()
	z.hand(func() {
		if err != nil {
			z.ended = true
			z.u.broke(fmt.Errorf("the gzip encoding of the answer: %w", err))
			return
		}
		z.u.complete(z.clean)
	})
}

// decode hands on all that can be decoded.
func (z *inflater) decode() error {
	unzip, err := gzip.NewReader(z)
	if err != nil {
		return early(err)
	}
	piece := make([]byte, 32<<10)
	for {
		n, err := unzip.Read(piece)
		if n > 0 && !z.hand(func() { z.u.s.Data(piece[:n]) }) {
			return nil
		}
		switch {
		case err == io.EOF: //nolint:errorlint // a Reader's own end is never wrapped
			_, _ = io.Copy(io.Discard, z) // until the endpoint has ended its body as well
			z.mu.Lock()
			defer z.mu.Unlock()
			if z.err != io.EOF { //nolint:errorlint // likewise
				return z.err
			}
			return nil
		case err != nil:
			return early(err)
		}
	}
}

// early keeps an end that is too early from being taken for the proper one.
func early(err error) error {
	if err == io.EOF { //nolint:errorlint // a Reader's own end is never wrapped
		return io.ErrUnexpectedEOF
	}
	return err
}

// hand has f run on the loop and waits for it. It returns false if the answer is
// nobody's any more.
func (z *inflater) hand(f func()) bool {
	wanted := make(chan bool, 1)
	posted := z.u.w.loop.Post(func() {
		u := z.u
		if u.unzip != z || u.s == nil {
			wanted <- false
			return
		}
		defer func() { wanted <- u.unzip == z && u.s != nil }()
		defer u.survive()
		s := u.s
		f()
		if u.s == s && u.unzip == z {
			if !z.ended {
				u.Resume()
			}
			s.Settle()
		}
	})
	return posted && <-wanted
}
