package main

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/proc"
)

// clock is what the CPUs of the machine have done until some moment.
type clock struct {
	busy   time.Duration // for anybody
	stolen time.Duration // by other guests of the same host
	own    time.Duration // for this process and all that it has started
	at     time.Time
}

// taken is what others took of all CPUs in some time, as shares.
type taken struct {
	foreign float64 // other programs
	stolen  float64 // other guests of the same host
}

// Shares from which on a reader must know.
const (
	muchForeign = 0.05
	muchStolen  = 0.02
)

// undisturbed measures again while others took too much of the machine, a few
// times at the most. measure returns the least share that they took so far.
func (l *lab) undisturbed(measure func() (float64, error)) error {
	for n := 0; ; n++ {
		share, err := measure()
		if err != nil || share <= muchForeign || n >= l.o.repeats {
			return err
		}
		fmt.Fprint(l.stderr, " again, since the machine was not quiet ...")
	}
}

// readClock returns the clock now. fsys is /proc.
func readClock(fsys fs.FS) (clock, error) {
	c := clock{at: time.Now()}
	use, err := proc.Tree(fsys, os.Getpid())
	if err != nil {
		return c, fmt.Errorf("reading what the benchmark uses: %w", err)
	}
	c.own = use.CPU
	c.busy, c.stolen, err = machineTimes(text(fsys, "stat"))
	return c, err
}

// machineTimes reads the first line of /proc/stat: user, nice, system, idle,
// iowait, irq, softirq, steal, in hundredths of a second.
func machineTimes(stat string) (busy, stolen time.Duration, err error) {
	line, _, _ := strings.Cut(stat, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return 0, 0, fmt.Errorf("/proc/stat begins with the times of all CPUs; got %.80q", line)
	}
	for i, field := range f[1:9] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("reading /proc/stat: %w", err)
		}
		spent := time.Duration(ticks) * 10 * time.Millisecond
		switch i {
		case 3, 4: // idle
		case 7:
			stolen = spent
		default:
			busy += spent
		}
	}
	return busy, stolen, nil
}

// between returns what others took of a number of CPUs between two moments.
func between(from, to clock, cpus int) taken {
	all := to.at.Sub(from.at).Seconds() * float64(cpus)
	if all <= 0 {
		return taken{}
	}
	return taken{
		foreign: max((to.busy-from.busy-(to.own-from.own)).Seconds()/all, 0),
		stolen:  max((to.stolen-from.stolen).Seconds()/all, 0),
	}
}

// hints says what others took, if that was much.
func (t taken) hints() []string {
	var out []string
	if t.foreign > muchForeign {
		out = append(out, fmt.Sprintf("the machine was not quiet: other programs took %.0f %% of its CPUs", 100*t.foreign))
	}
	if t.stolen > muchStolen {
		out = append(out, fmt.Sprintf("the machine was not quiet: its host gave %.0f %% of its CPUs to others", 100*t.stolen))
	}
	return out
}
