package registrycsv

import (
	"bytes"
	"encoding/csv"
	"errors"
)

// A File is one file of a registry as it is exported.
type File struct {
	Name string
	Text []byte
}

// Write is the files of a registry, those without a row too. Times are in UTC.
func Write(r *Registry) ([]File, error) {
	var files []File
	var errs []error
	for _, write := range []func(*Registry) (File, error){
		writing(substations()), writing(buildings()), writing(risers()), writing(households()), writing(rooms()),
		writing(heatMeters()), writing(devices()), writing(stations()), writing(assignments()), writing(calibrations()),
	} {
		f, err := write(r)
		files, errs = append(files, f), append(errs, err)
	}
	return files, errors.Join(errs...)
}

func writing[T any](t table[T]) func(*Registry) (File, error) {
	return func(r *Registry) (File, error) {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		record := make([]string, len(t.fields))
		for i, f := range t.fields {
			record[i] = f.name
		}
		err := w.Write(record)
		rows := *t.rows(r)
		for i := range rows {
			for c, f := range t.fields {
				record[c] = f.write(&rows[i])
			}
			err = errors.Join(err, w.Write(record))
		}
		w.Flush()
		return File{t.file, b.Bytes()}, errors.Join(err, w.Error())
	}
}
