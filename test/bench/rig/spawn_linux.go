package rig

import (
	"runtime"
	"syscall"
)

// attributes puts a child into a group of its own and has the kernel end it
// when the thread that started it ends, however that comes about.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// spawner runs what starts processes, on one thread that lives as long as this
// process: a thread that ends would take the children with it.
func (b *Bench) spawner() {
	runtime.LockOSThread()
	for start := range b.spawn {
		start()
	}
	runtime.UnlockOSThread()
}
