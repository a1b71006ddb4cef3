// Command yaml-oracle answers, line by line, what the Go YAML libraries make of a text or a value.
//
// Each line of standard input is a JSON object {"op", "text", "base64", "indent"}; each line of standard output is the
// answer {"out"} or {"error"}.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	yaml3 "go.yaml.in/yaml/v3"
	sigs "sigs.k8s.io/yaml"
)

type request struct {
	Op     string `json:"op"`
	Text   string `json:"text"`
	Base64 string `json:"base64"`
	Indent int    `json:"indent"`
}

type answer struct {
	Out   any    `json:"out"`
	Error string `json:"error,omitempty"`
}

// node is a yaml.v3 node with what matters of it: fields that are empty are left out.
type node struct {
	Kind     string  `json:"kind"`
	Tag      string  `json:"tag,omitempty"`
	Explicit bool    `json:"explicit,omitempty"`
	Style    string  `json:"style,omitempty"`
	Value    string  `json:"value,omitempty"`
	Anchor   string  `json:"anchor,omitempty"`
	Head     string  `json:"head,omitempty"`
	Line     string  `json:"line,omitempty"`
	Foot     string  `json:"foot,omitempty"`
	At       string  `json:"at,omitempty"`
	Content  []*node `json:"content,omitempty"`
}

var kinds = map[yaml3.Kind]string{
	yaml3.DocumentNode: "document",
	yaml3.SequenceNode: "sequence",
	yaml3.MappingNode:  "mapping",
	yaml3.ScalarNode:   "scalar",
	yaml3.AliasNode:    "alias",
}

var styles = []struct {
	bit  yaml3.Style
	name string
}{
	{yaml3.DoubleQuotedStyle, "double"},
	{yaml3.SingleQuotedStyle, "single"},
	{yaml3.LiteralStyle, "literal"},
	{yaml3.FoldedStyle, "folded"},
	{yaml3.FlowStyle, "flow"},
}

func dump(n *yaml3.Node) *node {
	d := &node{
		Kind: kinds[n.Kind], Tag: n.Tag, Explicit: n.Style&yaml3.TaggedStyle != 0, Value: n.Value, Anchor: n.Anchor,
		Head: n.HeadComment, Line: n.LineComment, Foot: n.FootComment,
	}
	if n.Kind != yaml3.DocumentNode {
		d.At = fmt.Sprintf("%d:%d", n.Line, n.Column)
	}
	for _, s := range styles {
		if n.Style&s.bit != 0 {
			d.Style = s.name
		}
	}
	for _, c := range n.Content {
		d.Content = append(d.Content, dump(c))
	}
	return d
}

func decodeAll(text []byte) ([]*yaml3.Node, error) {
	decoder := yaml3.NewDecoder(bytes.NewReader(text))
	var documents []*yaml3.Node
	for {
		var n yaml3.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		documents = append(documents, &n)
	}
}

func encodeAll(documents []*yaml3.Node, indent int) (string, error) {
	var out bytes.Buffer
	encoder := yaml3.NewEncoder(&out)
	encoder.SetIndent(indent)
	for _, d := range documents {
		if err := encoder.Encode(d); err != nil {
			return "", err
		}
	}
	if err := encoder.Close(); err != nil {
		return "", err
	}
	return out.String(), nil
}

// typed shows a decoded scalar with its Go type.
func typed(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "string " + v
	case bool:
		return "bool " + strconv.FormatBool(v)
	case int:
		return "int " + strconv.Itoa(v)
	case int64:
		return "int " + strconv.FormatInt(v, 10)
	case uint64:
		return "int " + strconv.FormatUint(v, 10)
	case float64:
		return "float " + strconv.FormatFloat(v, 'g', -1, 64)
	case time.Time:
		return "time " + v.Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%T", v)
}

// encodeString builds the node of a string as an encoder does, then places it in a tree: as sops does with values.
func encodeString(text string, indent int) (string, error) {
	value, key, item := &yaml3.Node{}, &yaml3.Node{}, &yaml3.Node{}
	for _, n := range []*yaml3.Node{value, key, item} {
		if err := n.Encode(text); err != nil {
			return "", err
		}
	}
	list := &yaml3.Node{Kind: yaml3.SequenceNode, Content: []*yaml3.Node{item}}
	name := &yaml3.Node{Kind: yaml3.ScalarNode, Value: "list"}
	inner := &yaml3.Node{Kind: yaml3.MappingNode, Content: []*yaml3.Node{key, value, name, list}}
	outer := &yaml3.Node{Kind: yaml3.ScalarNode, Value: "map"}
	root := &yaml3.Node{Kind: yaml3.MappingNode, Content: []*yaml3.Node{outer, inner}}
	return encodeAll([]*yaml3.Node{{Kind: yaml3.DocumentNode, Content: []*yaml3.Node{root}}}, indent)
}

// parseValue reads JSON into the types that Kubernetes uses: int64 (or uint64) and float64.
func parseValue(text []byte) (any, error) {
	var v any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&v)
	return numbers(v), err
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil && v != "-0" {
			return i
		}
		if u, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return u
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

func respond(r request) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	text := []byte(r.Text)
	if r.Base64 != "" {
		if text, err = base64.StdEncoding.DecodeString(r.Base64); err != nil {
			return nil, err
		}
	}
	switch r.Op {
	case "v3-nodes":
		documents, err := decodeAll(text)
		if err != nil {
			return nil, err
		}
		dumped := []*node{}
		for _, d := range documents {
			dumped = append(dumped, dump(d))
		}
		return dumped, nil
	case "v3-print":
		documents, err := decodeAll(text)
		if err != nil {
			return nil, err
		}
		return encodeAll(documents, r.Indent)
	case "v3-value":
		var v any
		n := yaml3.Node{Kind: yaml3.ScalarNode, Value: string(text)}
		if err := n.Decode(&v); err != nil {
			return nil, err
		}
		return n.ShortTag() + " " + typed(v), nil
	case "v3-string":
		return encodeString(string(text), r.Indent)
	case "sigs-json":
		out, err := sigs.YAMLToJSON(text)
		return string(out), err
	case "sigs-json-strict":
		out, err := sigs.YAMLToJSONStrict(text)
		return string(out), err
	case "sigs-text":
		var v struct {
			V string `json:"v"`
		}
		err := sigs.Unmarshal(text, &v)
		return v.V, err
	case "sigs-print":
		out, err := sigs.JSONToYAML(text)
		return string(out), err
	case "sigs-marshal":
		v, err := parseValue(text)
		if err != nil {
			return nil, err
		}
		out, err := sigs.Marshal(v)
		return string(out), err
	case "go-json":
		v, err := parseValue(text)
		if err != nil {
			return nil, err
		}
		out, err := json.MarshalIndent(v, "", "  ")
		return string(out), err
	case "go-float":
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return nil, err
		}
		j, err := json.Marshal(f)
		if err != nil {
			return nil, err
		}
		return []string{
			strconv.FormatFloat(f, 'g', -1, 64), strconv.FormatFloat(f, 'g', -1, 32), string(j),
		}, nil
	}
	return nil, fmt.Errorf("unknown op %q", r.Op)
}

// version names the libraries that answer.
func version() string {
	text := "yaml-oracle"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			text += " " + module.Path + "@" + module.Version
		}
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
			var a answer
			if problem := json.Unmarshal(line, &r); problem != nil {
				a.Error = problem.Error()
			} else if value, problem := respond(r); problem != nil {
				a.Error = problem.Error()
			} else {
				a.Out = value
			}
			if problem := encoder.Encode(a); problem != nil {
				fmt.Fprintln(os.Stderr, problem)
				os.Exit(1)
			}
		}
		if err != nil {
			return
		}
	}
}
