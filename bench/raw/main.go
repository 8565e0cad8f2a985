// Command raw talks to the API server without any framework: it is the load of bench/storm and the
// limit that its contenders are measured against. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: raw COMMAND [FLAGS], with $KUBECONFIG

  load      create jobs of a kind; prints "NAME UID" for each
  children  read such lines of TrainingJobs, create each job's Service and pods
  observe   wait until the status of every job shows all pods ready; prints JSON
  finish    make the simulated pods of a namespace end
  release   the same, and wait until all of each job is gone; prints JSON
`

// Options are the flags of all commands.
type Options struct {
	Namespace   string
	Jobs        int
	Nodes       int
	Connections int
	Timeout     time.Duration
	Until       string
	Kind        string
	Clean       string
	Pace        float64
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	commands := map[string]func(context.Context, *Client, Options) error{
		"load": load, "children": children, "observe": observe, "finish": finish,
		"release": release,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("no such command")
	}
	var options Options
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	flags.StringVar(&options.Namespace, "namespace", "storm", "namespace of the jobs")
	flags.IntVar(&options.Jobs, "jobs", 300, "how many jobs")
	flags.IntVar(&options.Nodes, "nodes", 4, "pods a job")
	flags.IntVar(&options.Connections, "connections", 16, "HTTP/1.1 connections, one request at a time on each")
	flags.DurationVar(&options.Timeout, "timeout", 2*time.Minute, "give up after this long")
	flags.StringVar(&options.Until, "until", "ready", "what observe waits for: ready or finished")
	flags.StringVar(&options.Kind, "kind", "TrainingJob", "kind of the jobs: TrainingJob or PyTorchJob")
	flags.StringVar(&options.Clean, "clean-pod-policy", "", "cleanPodPolicy of the jobs; default: none is given")
	flags.Float64Var(&options.Pace, "pace", 0, "jobs that end in a second; 0: all at once")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if _, known := kinds[options.Kind]; !known {
		return fmt.Errorf("--kind=%s: it is TrainingJob or PyTorchJob", options.Kind)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, options.Timeout)
	defer cancel()
	client, err := NewClient(options.Connections)
	if err != nil {
		return err
	}
	return commands[args[0]](ctx, client, options)
}
