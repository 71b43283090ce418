package ingest

// Share is one owner's part of a body: what becomes one leaf of the evidence log.
type Share struct {
	Owner   string
	Records []Record // in the order of the body
}

// Group splits records by what ownerOf says of each: its household, or its device if that belongs to none. It asks once a
// record, in order, and copies the records; owners come in the order of their first record.
func Group(records []Record, ownerOf func(*Record) string) []Share {
	if len(records) == 0 {
		return nil
	}
	place := make(map[string]int32)
	of := make([]int32, len(records))
	var shares []Share
	var sizes []int32
	for i := range records {
		owner := ownerOf(&records[i])
		at, ok := place[owner]
		if !ok {
			at = int32(len(shares))
			place[owner] = at
			shares = append(shares, Share{Owner: owner})
			sizes = append(sizes, 0)
		}
		of[i] = at
		sizes[at]++
	}
	all := make([]Record, len(records))
	from := 0
	for i, n := range sizes {
		shares[i].Records = all[from : from : from+int(n)]
		from += int(n)
	}
	for i := range records {
		s := &shares[of[i]]
		s.Records = append(s.Records, records[i])
	}
	return shares
}
