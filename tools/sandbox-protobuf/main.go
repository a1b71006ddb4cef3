// Writes sandbox/data/protobuf.json: how the built-in kinds look in the protobuf encoding that Go clients prefer for
// request bodies. It asks the Go types of k8s.io/api by reflection. See sandbox/data/SOURCES.md.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

type marshaler interface{ Marshal() ([]byte, error) }

var (
	messages = map[string][]string{}
	special  = map[string]string{
		"v1.Time": "time", "v1.MicroTime": "microtime", "resource.Quantity": "quantity",
		"intstr.IntOrString": "intorstring", "v1.FieldsV1": "raw", "runtime.RawExtension": "raw",
		"v1.JSON": "raw", "v1.Duration": "duration",
		"v1.JSONSchemaPropsOrArray": "schemaorarray", "v1.JSONSchemaPropsOrBool": "schemaorbool",
		"v1.JSONSchemaPropsOrStringArray": "schemaorstrings",
	}
)

func nameOf(t reflect.Type) string {
	dir := path.Dir(t.PkgPath())
	return path.Base(dir) + "." + path.Base(t.PkgPath()) + "." + t.Name()
}

func kindOf(t reflect.Type) string {
	short := path.Base(t.PkgPath()) + "." + t.Name()
	if name, ok := special[short]; ok && t.Kind() == reflect.Struct {
		return name
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "int"
	case reflect.Float32, reflect.Float64:
		return "double"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if t.Name() != "" && reflect.PointerTo(t).Implements(reflect.TypeOf((*marshaler)(nil)).Elem()) {
			return "items"
		}
		return "[]" + kindOf(t.Elem())
	case reflect.Map:
		return "{}" + kindOf(t.Elem())
	case reflect.Struct:
		visit(t)
		return nameOf(t)
	}
	panic("unexpected " + t.String())
}

func visit(t reflect.Type) {
	name := nameOf(t)
	if _, done := messages[name]; done {
		return
	}
	messages[name] = nil
	fields := []string{}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("protobuf"), ",")
		if len(tag) < 2 {
			continue
		}
		jsonTag := strings.Split(f.Tag.Get("json"), ",")
		mark := ""
		omit := false
		for _, option := range jsonTag[1:] {
			// encoding/json never leaves out a struct for being empty.
			omit = omit || option == "omitzero" || option == "omitempty" && f.Type.Kind() != reflect.Struct
		}
		if f.Type.Kind() == reflect.Pointer {
			mark = "*"
		} else if !omit {
			mark = "!"
		}
		fields = append(fields, fmt.Sprintf("%s %s %s%s", tag[1], jsonTag[0], kindOf(f.Type), mark))
	}
	messages[name] = fields
}

func main() {
	if err := apiextensions.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
	kinds := map[string]string{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		skip := gvk.Version != "v1" && gvk.Version != "v2" || strings.HasSuffix(gvk.Kind, "List") || gvk.Kind == "WatchEvent"
		if skip || strings.HasSuffix(gvk.Kind, "Options") {
			continue
		}
		kinds[gvk.GroupVersion().String()+"/"+gvk.Kind] = kindOf(t)
	}
	kinds["DeleteOptions"] = kindOf(reflect.TypeOf(metav1.DeleteOptions{}))
	var lines []string
	for name, fields := range messages {
		text, _ := json.Marshal(fields)
		lines = append(lines, fmt.Sprintf("%q:%s", name, text))
	}
	sort.Strings(lines)
	text, _ := json.Marshal(kinds)
	fmt.Fprintf(os.Stdout, "{\"kinds\":%s,\n\"messages\":{\n%s\n}}\n", text, strings.Join(lines, ",\n"))
}
