module slipway.dev/tests/faults/proxy

go 1.25.0
