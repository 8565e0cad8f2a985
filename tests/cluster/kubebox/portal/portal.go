// Package portal makes one address inside another network namespace reachable from this one.
package portal

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const dialTimeout = 5 * time.Second

// Main listens until it is killed; gives the exit status when it cannot start.
func Main() int {
	flags := flag.NewFlagSet("portal", flag.ExitOnError)
	listen := flags.String("listen", "", "address to listen on, as in 127.0.0.1:6443")
	netns := flags.String("netns", "", "network namespace to dial from, as in /proc/42/ns/net")
	to := flags.String("to", "", "address to dial there, as in 10.0.0.1:6443")
	_ = flags.Parse(os.Args[1:]) // ends the program on error
	dial, err := dialer(*netns, *to)
	if err != nil {
		log.Print(err)
		return 1
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Print(err)
		return 1
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Print(err)
			return 1
		}
		go forward(conn.(*net.TCPConn), dial)
	}
}

// dialer gives a function that connects from inside the namespace. A socket belongs to the
// namespace of the thread that makes it, for good; so one thread moves there and makes them all.
func dialer(netns, to string) (func() (net.Conn, error), error) {
	file, err := os.Open(netns)
	if err != nil {
		return nil, err
	}
	type answer struct {
		conn net.Conn
		err  error
	}
	requests := make(chan chan answer)
	moved := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: no other goroutine may run over there
		defer file.Close()
		if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			moved <- fmt.Errorf("setns %s: %w", netns, err)
			return
		}
		moved <- nil
		for reply := range requests {
			conn, err := net.DialTimeout("tcp", to, dialTimeout)
			reply <- answer{conn, err}
		}
	}()
	if err := <-moved; err != nil {
		return nil, err
	}
	return func() (net.Conn, error) {
		reply := make(chan answer)
		requests <- reply
		got := <-reply
		return got.conn, got.err
	}, nil
}

// forward copies both ways and passes on each end of stream. A server that cannot be reached shows
// as a reset, so that clients take it for what it is.
func forward(near *net.TCPConn, dial func() (net.Conn, error)) {
	defer near.Close()
	conn, err := dial()
	if err != nil {
		log.Print(err)
		_ = near.SetLinger(0)
		return
	}
	far := conn.(*net.TCPConn)
	defer far.Close()
	var both sync.WaitGroup
	both.Go(func() { copyThenClose(far, near) })
	both.Go(func() { copyThenClose(near, far) })
	both.Wait()
}

func copyThenClose(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		_ = to.SetLinger(0) // a cut connection is passed on as cut
		to.Close()
		return
	}
	_ = to.CloseWrite()
}
