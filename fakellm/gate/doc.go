// Package gate lets a test step a simulated engine, event by event.
//
// gate owns the waiting on both sides; what an event is, the engine knows.
package gate
