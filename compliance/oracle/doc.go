// Package oracle is a second opinion of the heating contract, written from the requirements alone and on purpose naive:
// it cuts time at every instant at which anything can change, asks the contract's sentences one by one for each
// elementary interval, and merges. It shares no code with the packages that judge and bill; they are tested against it.
//
// [Judge] reads a valid case directory; [Generate] makes random ones. Where the requirements leave room, it reads them as
// follows (the number of the contract's section, or case.md, comes first).
//
//  1. (2) A reading stops holding exactly 90 min after its time: at that instant the room is unknown already.
//  2. (2) Two values for one room and time are compared after calibration.
//  3. (3) A raised setpoint binds from exactly 12 h after it was set: at that instant (t − 12 h, t] holds nothing older.
//  4. (3) Only a change of demand starts the 12 h anew: of rows at one time the last is taken first, and an "on" that
//     finds the heating on, also after an overruled "off" of the same time, changes nothing.
//  5. (4) The outdoor day that has begun but not ended at the moment of judging is listed as undetermined; one that ends
//     exactly then has ended.
//  6. (5) A stoppage that starts before the season, or at or after the end of the judged time, is not one of this
//     judgement: it is not listed, exempts nothing and takes no place among the three. One that starts inside and runs
//     over the end is listed and judged by its whole length.
//  7. (5) Every row of outages.csv is a planned stoppage, also one that was never announced. Ids compare as strings.
//  8. (5) The guard of 1e-9 also governs official values, and works for the resident: the mean must be below −7.6 − 1e-9.
//  9. (6) Gaps of exactly 3 h part episodes. Whatever fills a gap, it may be joined over: exempt, off, grace, unknown.
//  10. (6) Windows are half open like all intervals: one that ends where a hull starts, or starts where it ends, does not
//     meet it. A window of no length meets the hull that holds its instant.
//  11. (6) A test that is not applicable is nobody's rival, since it decides nothing. Tests that start at the moment of
//     judging or later are not listed. A test set aside by one that is itself set aside is paid by whoever pays at the end
//     of the chain.
//  12. (6) Standing compliant tests that start at the very time of a non-compliant one bound its reach on neither side, and
//     are no "next" test for the unknown time either. One that ends after the start of the non-compliant test moves
//     the beginning of its reach to that end.
//  13. (6) A test's window may reach beyond the judged time; what it confirms does not.
//  14. (6) Of reports at one time the last row replaces the others before it is asked which is open.
//  15. (6) A reading at or above its threshold proves warmth at its own time, whatever the household's status then, before
//     the season too.
//  16. (6) "With no open report, only its own window counts" repeats the rule for a test that meets no episode; it does
//     not confirm unknown time in the window of a test that meets one.
//  17. (6) A joint confirmation confirms below time only; unknown, exempt and compliant time in it stays as it is. Its id
//     is listed at every episode whose hull it overlaps, also where it covers no below time.
//  18. (7) Values of meter changes are register values: usage runs from the last row to a later change's final value, and
//     from a change's initial value to the first row after it. They count inside fault days too.
//  19. (7) Fault days that touch are one run; a row at an inner midnight is strictly inside it. The run is not cut at the
//     season or the last day when rows are ignored; the fee and the usage left out count season days up to the last.
//  20. (7) A fault day on which judging ends counts whole, and its confirmed share is of the whole day.
//  21. (7) The season's first year, for the due date, is the year of its first day, also when that is in January.
//  22. (7) The area fee is fully paid when the payments up to the last day reach it. Days not supplied count once however
//     often given.
//  23. (7) With heating suspended all usage is 0, as are the heat and fault fees and the remedy's value; the 30 % are taken
//     of the rounded area fee.
//  24. (7) In a season that is not marked as agreed the base fee is the whole year's, however short the season is.
//  25. (case.md) Usage and bill are there when a meter file has rows, even if none of them is known yet,
//     and also with heating suspended.
package oracle
