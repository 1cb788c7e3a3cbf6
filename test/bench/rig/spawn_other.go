//go:build unix && !linux

package rig

import "syscall"

// attributes puts a child into a group of its own.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// spawner runs what starts processes.
func (b *Bench) spawner() {
	for start := range b.spawn {
		start()
	}
}
