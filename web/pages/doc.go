// Package pages is what people see: residents on a phone, dispatchers at the desk, testers, billing staff and auditors. Server-rendered
// HTML that works without scripts, htmx for the live parts, one chart library, everything embedded; a strict Content-Security-Policy,
// nothing from elsewhere.
//
// The pages are a client of the API and of nothing else: a page asks the API's handler, in this process, with the cookie of whoever
// looks at it. So there is one place that says who may see what, one that checks what is sent, and no way around either.
//
// Every text stands in messages/zh.json and messages/en.json under one key.
package pages
