// Package oracle is a slow second opinion of the contract.
package oracle
