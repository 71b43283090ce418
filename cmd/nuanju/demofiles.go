package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// photo is a picture of a thermometer that shows a temperature: what a resident would send.
func photo(celsius float64) []byte {
	const width, height = 240, 320
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	wall, glass, mercury := color.RGBA{233, 226, 214, 255}, color.RGBA{250, 250, 252, 255}, color.RGBA{200, 44, 44, 255}
	top := int(270 - (celsius-5)*10) // 10 pixels a degree from 5 °C on
	for y := range height {
		for x := range width {
			at, c := x-width/2, wall
			bulb := at*at+(y-285)*(y-285) < 22*22
			switch {
			case bulb || at > -6 && at < 6 && y > top && y < 285:
				c = mercury
			case at > -12 && at < 12 && y > 30 && y < 285:
				c = glass
			case at >= 16 && at < 30 && y > 40 && y < 275 && (y-20)%10 == 0:
				c = color.RGBA{60, 60, 60, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // into memory
	return b.Bytes()
}

// pdf is a page with a line of text, whose characters beyond ASCII are left out: what an office would scan.
func pdf(text string) []byte {
	ascii := bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' || r == '\\' {
			return -1
		}
		return r
	}, []byte(text))
	stream := fmt.Sprintf("BT /F1 14 Tf 60 760 Td (nuanju demo %s) Tj ET", bytes.TrimSpace(ascii))
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(stream), stream),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}
