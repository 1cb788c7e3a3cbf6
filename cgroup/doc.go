// Package cgroup knows how much memory the process's control group may use: that
// of a container, of a unit of systemd, of a job.
//
// It owns where Linux says so, in both versions, and what follows for Go's
// garbage collector. What is done with it is for its callers to decide.
package cgroup
