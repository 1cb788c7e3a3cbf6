package op

import (
	"fmt"
	"time"
)

// Deprecation is the notice that an operation will go. Its days are written as
// 2026-03-31.
type Deprecation struct {
	Since   string // the day from which answers say so
	Release string // the minor release that brought the notice, such as 0.4
	Sunset  string // the day from which the operation may be gone
	Instead ID     // what takes its place; "" if nothing does
	Why     string
}

// NoticeDays is how many days there must be at least between the notice and the
// end of an operation.
func NoticeDays(l Level) uint {
	switch l {
	case V1:
		return 180
	case V1Beta:
		return 30
	default:
		return 0
	}
}

// TwoReleases tells whether an operation whose notice came with the minor release
// notice may be absent from the one that follows release: both the release of the
// notice and at least one after it must have had it.
func TwoReleases(notice, release string) (bool, error) {
	fromMajor, fromMinor, err := minor(notice)
	if err != nil {
		return false, err
	}
	major, last, err := minor(release)
	if err != nil {
		return false, err
	}
	return major > fromMajor || major == fromMajor && last+1 >= fromMinor+2, nil
}

// minor reads the first two numbers of a version.
func minor(version string) (major, minor int, err error) {
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil || major < 0 || minor < 0 {
		return 0, 0, fmt.Errorf("%q is no version: write it as in 0.4", version)
	}
	return major, minor, nil
}

// Days returns the day of the notice and the day of the end.
func (d *Deprecation) Days() (since, sunset time.Time, err error) {
	if since, err = time.Parse(time.DateOnly, d.Since); err != nil {
		return since, sunset, fmt.Errorf("deprecated since %q: write the day as in 2026-03-31", d.Since)
	}
	if sunset, err = time.Parse(time.DateOnly, d.Sunset); err != nil {
		return since, sunset, fmt.Errorf("sunset on %q: write the day as in 2026-03-31", d.Sunset)
	}
	return since, sunset, nil
}

// problem says what is wrong with the notice of an operation of level l, or
// returns "".
func (d *Deprecation) problem(l Level, served map[ID]bool) string {
	since, sunset, err := d.Days()
	if err != nil {
		return err.Error()
	}
	if _, _, err := minor(d.Release); err != nil {
		return err.Error()
	}
	days := int(NoticeDays(l))
	switch {
	case sunset.Before(since.AddDate(0, 0, days)):
		return fmt.Sprintf("sunset %s is less than %d days after %s, which %s promises", d.Sunset, days, d.Since, l)
	case d.Instead != "" && !served[d.Instead]:
		return fmt.Sprintf("%s, which is to take its place, is not served", d.Instead)
	case d.Why == "":
		return "deprecated without a reason"
	}
	return ""
}

// Fields returns the headers that tell of the notice, as name and value: since
// when (RFC 9745), until when (RFC 8594), and what takes its place. level is the
// one at which the operation was asked for. A malformed notice has none.
func (d *Deprecation) Fields(t Table, level Level) [][2]string {
	since, sunset, err := d.Days()
	if err != nil {
		return nil
	}
	out := [][2]string{
		{"Deprecation", fmt.Sprintf("@%d", since.Unix())},
		{"Sunset", sunset.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")},
	}
	for i := range t {
		if t[i].ID == d.Instead && t[i].Level >= level && level != Absent {
			out = append(out, [2]string{"Link", fmt.Sprintf(`</%s%s>; rel="successor-version"`, level, t[i].Path)})
		}
	}
	return out
}
