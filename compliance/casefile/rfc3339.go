package casefile

import "github.com/nuanju/nuanju/sensors"

// firstYear and lastYear bound the times of a case. Outside them a time is a slip of the pen, and inside them none is
// the zero Instant, which the facts use for "never".
const (
	firstYear = 1971
	lastYear  = 2200
)

// timeFault is what is wrong with the text of a time.
type timeFault uint8

const (
	timeGood timeFault = iota
	timeNotOne
	timeNoOffset
	timeFarOff // not in the years of a case
)

// parseTime reads an RFC 3339 time with seconds and an offset: an upper-case T, Z or ±hh:mm, at most nine decimals of a
// second, no leap second. It is strict where time.Parse is not (an hour of one digit, a decimal comma, an offset of
// 24:00) and agrees with it in everything else, to which the fuzz test holds it. It is here because a season of readings
// is fifty thousand times.
func parseTime[T string | []byte](s T) (sensors.Instant, timeFault) {
	const seconds = len("2006-01-02T15:04:05")
	if len(s) < seconds {
		return 0, timeNotOne
	}
	if s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, timeNotOne
	}
	year := 100*two(s, 0) + two(s, 2)
	month, day := two(s, 5), two(s, 8)
	hour, minute, second := two(s, 11), two(s, 14), two(s, 17)
	if two(s, 0) < 0 || two(s, 2) < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, timeNotOne
	}
	nanos, i := fraction(s, seconds)
	if i < 0 {
		return 0, timeNotOne
	}
	if i == len(s) {
		return 0, timeNoOffset
	}
	east, ok := offset(s, i)
	if !ok {
		return 0, timeNotOne
	}
	if year < firstYear || year > lastYear {
		return 0, timeFarOff
	}
	unix := int64(daysBefore(year, month)+day-1)*86400 + int64(hour*3600+minute*60+second-east)
	return sensors.Instant(unix*1e9 + nanos), timeGood
}

// two is the number of the two digits at i, or a negative one if they are not both digits.
func two[T string | []byte](s T, i int) int {
	tens, ones := s[i]-'0', s[i+1]-'0'
	if tens > 9 || ones > 9 {
		return -1000
	}
	return int(tens)*10 + int(ones)
}

// fraction reads the decimals of a second at i, if there are any, and returns where they end; −1 if they are malformed.
func fraction[T string | []byte](s T, i int) (nanos int64, end int) {
	if i == len(s) || s[i] != '.' {
		return 0, i
	}
	start := i + 1
	for i = start; i < len(s) && s[i]-'0' <= 9; i++ {
		if i-start == 9 {
			return 0, -1
		}
		nanos = nanos*10 + int64(s[i]-'0')
	}
	if i == start {
		return 0, -1
	}
	for n := i - start; n < 9; n++ {
		nanos *= 10
	}
	return nanos, i
}

// offset reads Z or ±hh:mm at i to the end, as seconds east of UTC.
func offset[T string | []byte](s T, i int) (east int, ok bool) {
	if s[i] == 'Z' {
		return 0, i+1 == len(s)
	}
	if len(s)-i != len("+08:00") || s[i] != '+' && s[i] != '-' || s[i+3] != ':' {
		return 0, false
	}
	hours, minutes := two(s, i+1), two(s, i+4)
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	east = hours*3600 + minutes*60
	if s[i] == '-' {
		east = -east
	}
	return east, true
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// daysIn is the number of days of a month of the Gregorian calendar.
func daysIn(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysBefore is the number of days from 1970-01-01 to the first of the month. March begins the count of a year, so
// that the leap day is its last.
func daysBefore(year, month int) int {
	if month < 3 {
		year, month = year-1, month+12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 - 719468
}
