// Package measured is what a third-party tester measured (A7.2.2): the record of a test as it was handed in, held against the
// measuring method of the policy. It is pure: it opens nothing and reads no clock. What spreadsheets look like inside is
// the affair of package sheet below it.
//
// A record has fields, about the test as a whole, and rows, one for each time that somebody read the instrument. A row either
// shows that the air was still (phase settling) or counts (phase reading). The room's value is the mean of all counting rows, as a
// rational number, rounded once to the nearest float64.
//
// # What spoils a test and what is only told
//
// An error means that it was not measured as the method says, or cannot be told: nothing is taken. A warning is told and
// shown with the test, which is taken all the same.
//
//	rule                                              fewer, less, later     more, beyond
//	fields and cells that are missing or no values    error
//	points for the room's area                        error                  warning
//	readings of each point                            error                  error: who may choose among readings can choose the mean
//	height above the floor                            error                  error
//	distance to outer wall, inner wall, window        error
//	the air is still before the first reading         error                  error
//	readings are a set time apart                     error                  error
//	the record has no hole, and nothing of tomorrow                          error
//	hours of the day                                  error                  error
//	room closed, not held in the hand, people away    error; a warning where the method does not ask for it
//	instrument registered, certificate good that day  error                  warning if it ends within 30 days
//	instrument's error                                                       error
//	area differs from the registered one              warning; the larger one decides the points
//	institution not accredited that day               warning: the test is taken and decides nothing (section 6)
//
// The tester's word is taken for what was read, never for what follows from it: finding, accreditation and payer are computed.
package measured
