// Package simulate is a small town that is heated: its weather, buildings, rooms, people, sensors and faults, from a seed. It
// sends what a real town would send and knows what is true beside it, so that a test can ask of the monitor whether it found every
// fault and invented none. It is pure: no clock, no I/O, no machine's zone; one seed gives the same bytes on every run.
//
// # Rooms
//
// A room is a resistance–capacity model with one mass and quasi-steady air, the simple method of ISO 13790 without its inner
// surface node:
//
//	air:  Hv (To − Ta) + Ham (Tm − Ta) + Qair = 0
//	mass: C dTm/dt = Hem (To − Tm) + Ham (Ta − Tm) + Gd (Thome − Tm) + Gs (Thouse − Tm) + Qmass
//
// Opening a window moves the air by some degrees in a minute, and the mass in hours, as in a real room. Everything is per m² of
// floor; a room's own values are drawn from these:
//
//	mass                        230 kJ/(m²K) ± 15 %   between "medium" (165) and "heavy" (260) of ISO 13790, table 12
//	walls and windows           0.65 W/(m²K)          brick buildings of the 1990s to 2000s, after JGJ 26-95 and JGJ 26-2010
//	  of a corner, roof, ground × 1.25, + 0.30, + 0.15
//	air changes                 0.40 per hour         JGJ 26-2010 reckons 0.5
//	  stack effect              ± 0.015 (To−20)^½ per storey from the middle: cold air enters below and leaves above
//	  wind of a cold spell      × 1.5
//	  window open, tilted       + 6, + 1.2 per hour   measured 4 to 10 and 1 to 3
//	air to mass                 9.2 W/(m²K)           ISO 13790: 9.1 × 2.5 in series with 3.45 × 4.5
//	people and things           3.8 W/m², by the hour JGJ 26-2010
//	sun                         up to 20 W/m² of floor in a room to the south on a clear noon
//	partition to the home       0.8 W/(m²K)         doors shut; a home's rooms are averaged
//	slabs to other homes        1.0 W/(m²K)         half of 100 mm of concrete on both sides; a building's homes are averaged
//
// # Heat
//
// Each substation sends water by the weather: the curve meets the design heat load at the design temperature of −7.6 °C (GB 50736)
// and stays there when it gets colder. A one-pipe riser is fed from above, so that the water cools on its way down, by 12 K; radiators were
// chosen for that, each 10 to 25 % too large. They give (Tw − Ta)^1.25 (EN 442; 1.24 to 1.33 of columns and panels), 70 % of it to the air. Buildings' pipes lag
// half an hour behind the substation, radiators twenty minutes behind their riser. A valve of the home opens for a share of each half hour
// (通断时间面积法) by its coldest room; people set it to 19.6 to 22.5 °C, and to 2 K above what they ask for if they ask for something.
//
// # Sensors
//
// A sensor hangs in the air with a time constant of 8 minutes, is up to 0.15 °C off, has noise of up to 0.15 °C and reports tenths
// every 5 or 15 minutes; one packet in 200 is lost. What it says is never farther than SensorError from the truth of the last
// SensorLag, unless a fault says otherwise.
//
// # What is left out
//
// Which home is beside which, stairwells, moisture, and what the water's flow does to its neighbours' (hydraulic balance is
// drawn, not solved). Faults that no rule of the contract can see are not injected: a sensor that repeats its last value under new times is, by
// section 2, measuring.
package simulate
