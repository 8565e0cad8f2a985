package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	asJSON     = "application/json"
	asProtobuf = "application/vnd.kubernetes.protobuf"
	// The server need not send an object back to whoever has just written it.
	metadataOnly = ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
)

// Client sends requests over a bounded set of HTTP/1.1 connections.
type Client struct {
	http  *http.Client
	host  string
	token string
}

// NewClient connects as $KUBECONFIG says, with HTTP/1.1 only.
func NewClient(connections int) (*Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	tlsConfig, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig:     tlsConfig,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
		MaxConnsPerHost:     connections,
		MaxIdleConnsPerHost: connections,
		DisableCompression:  true,
	}
	return &Client{
		http:  &http.Client{Transport: transport},
		host:  strings.TrimSuffix(config.Host, "/"),
		token: config.BearerToken,
	}, nil
}

// Do sends one request and returns its open answer; any status but a success is an error.
func (c *Client) Do(
	ctx context.Context, method, path, contentType, accept string, body []byte,
) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.host+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", accept)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 2048))
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return answer, nil
}

// Write sends one request and throws its answer away, but reads it, so that the connection can be
// used again.
func (c *Client) Write(ctx context.Context, method, path, contentType, accept string, body []byte) error {
	answer, err := c.Do(ctx, method, path, contentType, accept, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
