package compliance

// Clause is the id of a clause of the contract: A7.2.2.4 is Article 7, part 2, item 2, exemption 4. The same ids stand
// in code, verdicts, letters and tests.
type Clause string

// The clauses that judge temperature.
const (
	A2       Clause = "A2"
	A3       Clause = "A3"
	A722     Clause = "A7.2.2"
	A7221    Clause = "A7.2.2.1"
	A7222    Clause = "A7.2.2.2"
	A7223    Clause = "A7.2.2.3"
	A7224    Clause = "A7.2.2.4"
	A7225    Clause = "A7.2.2.5"
	noClause Clause = ""
)
