package portal

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// listen gives a listener on a free port of this machine, closed with the test.
func listen(t *testing.T) *net.TCPListener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.(*net.TCPListener)
}

// connect gives both ends of a connection.
func connect(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	listener := listen(t)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []net.Conn{conn, accepted} {
		_ = end.SetDeadline(time.Now().Add(10 * time.Second)) // a broken portal must not hang the test
	}
	return conn.(*net.TCPConn), accepted.(*net.TCPConn)
}

// through gives the two outer ends of a forwarded connection.
func through(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	client, near := connect(t)
	far, server := connect(t)
	go forward(near, func() (net.Conn, error) { return far, nil })
	return client, server
}

func read(t *testing.T, from net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(from, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

func TestForwardCopiesBothWays(t *testing.T) {
	client, server := through(t)
	_, _ = client.Write([]byte("request"))
	read(t, server, "request")
	_, _ = server.Write([]byte("answer"))
	read(t, client, "answer")
}

func TestEndOfOneDirectionLeavesTheOtherOpen(t *testing.T) {
	client, server := through(t)
	_ = client.CloseWrite()
	if n, err := server.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("read %d bytes, %v; want EOF", n, err)
	}
	_, _ = server.Write([]byte("late answer"))
	read(t, client, "late answer")
}

func TestCutConnectionIsPassedOnAsCut(t *testing.T) {
	client, server := through(t)
	_, _ = server.Write([]byte("x"))
	read(t, client, "x") // the connection stands
	_ = server.SetLinger(0)
	_ = server.Close()
	if _, err := client.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Fatalf("got %v; want a reset", err)
	}
}

func TestUnreachableServerShowsAsReset(t *testing.T) {
	client, near := connect(t)
	go forward(near, func() (net.Conn, error) { return nil, errors.New("refused") })
	if _, err := client.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Fatalf("got %v; want a reset", err)
	}
}
