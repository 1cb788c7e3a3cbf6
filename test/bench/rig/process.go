//go:build unix

package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Command is a program to run.
type Command struct {
	Name string // what errors and the file of its output call it
	Args []string
	Env  []string // in addition to that of this process
	Dir  string   // where it runs and where its output goes, NAME.log
	CPUs []int    // where it is pinned to; everywhere if empty
}

// Process is a running program and all that it has started.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; to be read after done
}

// PID returns the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Bench starts processes and ends all of them. The zero value is not usable.
type Bench struct {
	// Patience is how long Stop waits for a process before it ends it by force.
	Patience time.Duration

	spawn chan func() // run by one thread, whose end would end its children

	mu      sync.Mutex
	running []*Process
	closed  bool
}

// New returns a bench. Close ends it.
func New() *Bench {
	b := &Bench{Patience: 5 * time.Second, spawn: make(chan func())}
	go b.spawner()
	return b
}

// Start starts a program, in a group of processes of its own, so that an
// interruption of the terminal reaches this process alone, which then ends the
// others in order.
func (b *Bench) Start(c Command) (*Process, error) {
	path := filepath.Join(c.Dir, c.Name+".log")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	defer out.Close() //nolint:errcheck // the child has it
	p := &Process{name: c.Name, log: path, cmd: c.cmd(out), done: make(chan struct{})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, fmt.Errorf("starting %s: the benchmark has ended", c.Name)
	}
	started := make(chan error)
	b.spawn <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	b.running = append(b.running, p)
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// cmd makes the command, whose output goes to out.
func (c *Command) cmd(out io.Writer) *exec.Cmd {
	args := c.Args
	if len(c.CPUs) > 0 {
		args = append([]string{"taskset", "-c", List(c.CPUs)}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // it lives until Stop, which ends it in order
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes()
	return cmd
}

// Stop ends a process with all that it has started, and waits until it has.
func (b *Bench) Stop(p *Process) {
	select {
	case <-p.done:
	default:
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself just now
	}
	wait := time.NewTimer(b.Patience)
	defer wait.Stop()
	select {
	case <-p.done:
	case <-wait.C:
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // children that are left, or all; mostly there are none
	<-p.done
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running = slices.DeleteFunc(b.running, func(other *Process) bool { return other == p })
}

// Close ends every process that runs, the latest first. Nothing can be started
// after it.
func (b *Bench) Close() {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	b.closed = true
	running := slices.Clone(b.running)
	b.mu.Unlock()
	for _, p := range slices.Backward(running) {
		b.Stop(p)
	}
	close(b.spawn)
}

// Wait waits until ready says that the process is, asking it every few
// milliseconds. It fails with the end of the process's output when that has
// ended, or when ctx has.
func (p *Process) Wait(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended (%w) before it answered%s", p.name, p.how(), p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w%s", p.name, err, p.Tail())
		case <-tick.C:
		}
	}
}

func (p *Process) how() error {
	if p.err != nil {
		return p.err
	}
	return errors.New("exit status 0")
}

// Tail returns the end of what the process has written, on lines of its own.
func (p *Process) Tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil || len(text) == 0 {
		return ""
	}
	return "\n" + string(text[max(0, len(text)-2000):])
}
