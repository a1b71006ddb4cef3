// The etcd server as one program: its own main package lives in a module whose replace lines forbid building it from here.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
