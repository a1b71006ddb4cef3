// Command template-oracle answers, line by line, what Go's text/template with the functions of Sprig makes of templates.
//
// Each line of standard input is a JSON request, each line of standard output the answer to it. The functions are those
// that the sealed-secrets controller gives to templates: Sprig's generic map without env, expandenv and getHostByName.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/Masterminds/sprig/v3"
)

// source is one template of a set; the first one of a request is executed.
type source struct {
	Name  string `json:"name"`
	Text  string `json:"text"`
	Bytes []byte `json:"bytes"` // base64: instead of the text, for what is no UTF-8
}

type request struct {
	Templates []source    `json:"templates"`
	Data      interface{} `json:"data"`
	Strings   bool        `json:"strings"` // the data is a map[string]string
	Options   []string    `json:"options"`
	Delims    []string    `json:"delims"`
	Execute   string      `json:"execute"` // name of the template, when it is not the first
	Tree      bool        `json:"tree"`    // answer the parsed template as text instead of executing it
	Plain     bool        `json:"plain"`   // without the functions of Sprig
	Repeat    int         `json:"repeat"`  // measure: parse and execute so often, and answer the times of one round
}

type answer struct {
	Output string `json:"output"`
	Bytes  []byte `json:"bytes,omitempty"` // base64: instead of the output, when that is no UTF-8
	Error  string `json:"error,omitempty"`
	// Nanoseconds of parsing and of executing, when they were measured.
	Parsing   int64 `json:"parsing,omitempty"`
	Executing int64 `json:"executing,omitempty"`
}

// bounded is a buffer that refuses more than a megabyte.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(text []byte) (int, error) {
	if b.Len()+len(text) > 1<<20 {
		return 0, errors.New("more than a megabyte of output")
	}
	return b.Buffer.Write(text)
}

func functions() template.FuncMap {
	all := sprig.GenericFuncMap()
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(all, name)
	}
	return all
}

func run(r request) (a answer) {
	var out bounded
	defer func() {
		if recovered := recover(); recovered != nil {
			a.Error = fmt.Sprintf("panic: %v", recovered)
		}
		if utf8.Valid(out.Bytes()) {
			a.Output = out.String()
		} else {
			a.Bytes = out.Bytes()
		}
	}()
	fail := func(err error) answer { return answer{Error: err.Error()} }
	var set *template.Template
	for _, s := range r.Templates {
		text := s.Text
		if s.Bytes != nil {
			text = string(s.Bytes)
		}
		var t *template.Template
		if set == nil {
			t = template.New(s.Name)
			if !r.Plain {
				t.Funcs(functions())
			}
			t.Option(r.Options...)
			if len(r.Delims) == 2 {
				t.Delims(r.Delims[0], r.Delims[1])
			}
			set = t
		} else {
			t = set.New(s.Name)
		}
		if _, err := t.Parse(text); err != nil {
			return fail(err)
		}
	}
	name := r.Execute
	if name == "" {
		name = r.Templates[0].Name
	}
	if r.Tree {
		if t := set.Lookup(name); t != nil && t.Tree != nil {
			out.WriteString(t.Tree.Root.String())
		}
		return a
	}
	data, err := tagged(r.Data)
	if err == nil && r.Strings {
		data, err = convert[map[string]string](data)
	}
	if err != nil {
		return fail(fmt.Errorf("bad data: %w", err))
	}
	if err := set.ExecuteTemplate(&out, name, data); err != nil {
		a.Error = err.Error()
	}
	return a
}

// measured is the answer to a request that asks for times.
func measured(r request) answer {
	rounds := r.Repeat
	r.Repeat = 0
	first := run(r)
	if first.Error != "" {
		return first
	}
	data, _ := tagged(r.Data)
	parse := func() *template.Template {
		return template.Must(template.New("t").Funcs(functions()).Parse(r.Templates[0].Text))
	}
	started := time.Now()
	for i := 0; i < rounds; i++ {
		parse()
	}
	first.Parsing = time.Since(started).Nanoseconds() / int64(rounds)
	t := parse()
	started = time.Now()
	for i := 0; i < rounds; i++ {
		var out bytes.Buffer
		if err := t.Execute(&out, data); err != nil {
			return answer{Error: err.Error()}
		}
	}
	first.Executing = time.Since(started).Nanoseconds() / int64(rounds)
	return first
}

func version() string {
	text := "template-oracle"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/Masterminds/sprig/v3" {
				text += " sprig@" + module.Version
			}
		}
		text += " " + info.GoVersion
	}
	return text
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(version())
		return
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			var r request
			decoder := json.NewDecoder(bytes.NewReader(line))
			var a answer
			if err := decoder.Decode(&r); err != nil {
				a.Error = "bad request: " + err.Error()
			} else {
				if r.Repeat > 0 {
					a = measured(r)
				} else {
					a = run(r)
				}
			}
			if err := encoder.Encode(a); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			out.Flush()
		}
		if err != nil {
			return
		}
	}
}
