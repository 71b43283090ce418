// Package simulated asks whether the monitor finds what is wrong and nothing else. A simulated town lives through a heating season
// with faults that are known; its readings go through intake, evidence log, store, ledger and checker, the real ones, with a clock that
// moves with the town. Then every verdict is held against the truth.
//
//	go test ./test/simulated -v                        one season of 60 homes
//	NUANJU_SEEDS=1-10 go test ./test/simulated -v      ten
package simulated
