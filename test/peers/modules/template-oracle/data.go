package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// person is a struct with what a template can do to a struct: fields, methods on it and on its pointer.
type person struct {
	Name   string
	Age    int
	Tags   []string
	Friend *person
	Extra  interface{}
	Attrs  map[string]int
}

func (p person) Greet(greeting string) string { return greeting + ", " + p.Name }

func (p person) Sum(numbers ...int) int {
	sum := p.Age
	for _, number := range numbers {
		sum += number
	}
	return sum
}

func (p person) Fail() (string, error) { return "", errors.New("no greeting today") }

func (p *person) Birthday() int { return p.Age + 1 }

// tagged makes Go values of JSON: {"$go": TYPE, "value": …} is one of that type, the rest is what encoding/json makes.
func tagged(value interface{}) (interface{}, error) {
	switch value := value.(type) {
	case map[string]interface{}:
		if name, ok := value["$go"].(string); ok {
			return typed(name, value["value"])
		}
		for key, item := range value {
			made, err := tagged(item)
			if err != nil {
				return nil, err
			}
			value[key] = made
		}
		return value, nil
	case []interface{}:
		for at, item := range value {
			made, err := tagged(item)
			if err != nil {
				return nil, err
			}
			value[at] = made
		}
		return value, nil
	default:
		return value, nil
	}
}

func typed(name string, value interface{}) (interface{}, error) {
	switch name {
	case "bytes":
		return base64.StdEncoding.DecodeString(value.(string))
	case "string":
		raw, err := base64.StdEncoding.DecodeString(value.(string))
		return string(raw), err
	case "map[string]string":
		return convert[map[string]string](value)
	case "map[string]int":
		return convert[map[string]int](value)
	case "map[string][]string":
		return convert[map[string][]string](value)
	case "map[string]map[string]string":
		return convert[map[string]map[string]string](value)
	case "[]string":
		return convert[[]string](value)
	case "[]int":
		return convert[[]int](value)
	case "[]float64":
		return convert[[]float64](value)
	case "[]map[string]interface {}":
		return convert[[]map[string]interface{}](value)
	case "person":
		return convert[person](value)
	case "*person":
		return convert[*person](value)
	case "time.Time":
		return time.Parse(time.RFC3339Nano, value.(string))
	case "time.Duration":
		return time.ParseDuration(value.(string))
	case "func":
		return func(text string, numbers ...int) (string, error) {
			if text == "bad" {
				return "", errors.New("bad text")
			}
			return fmt.Sprint(text, numbers), nil
		}, nil
	}
	text := fmt.Sprint(value)
	if strings.HasPrefix(name, "uint") {
		number, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, err
		}
		switch name {
		case "uint":
			return uint(number), nil
		case "uint8":
			return uint8(number), nil
		case "uint16":
			return uint16(number), nil
		case "uint32":
			return uint32(number), nil
		case "uint64":
			return number, nil
		}
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, err
	}
	switch name {
	case "int":
		return int(number), nil
	case "int8":
		return int8(number), nil
	case "int16":
		return int16(number), nil
	case "int32":
		return int32(number), nil
	case "int64":
		return number, nil
	}
	return nil, fmt.Errorf("no type is called %q", name)
}

func convert[T any](value interface{}) (T, error) {
	var made T
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, &made)
	}
	return made, err
}
