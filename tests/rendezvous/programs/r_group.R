# Two nodes, one socket: node 0 listens, node 1 calls it.
node <- as.integer(Sys.getenv("SLIPWAY_NODE_RANK"))
nodes <- as.integer(Sys.getenv("SLIPWAY_NUM_NODES"))
port <- as.integer(Sys.getenv("SLIPWAY_PORT"))
stopifnot(nodes == 2)
mine <- sample.int(10^8, 1)

call_first <- function() {
  repeat {
    first <- tryCatch(
      suppressWarnings(socketConnection(Sys.getenv("SLIPWAY_RANK0_ADDRESS"), port, blocking = TRUE,
                                        open = "r+", timeout = 5)),
      error = function(problem) NULL)
    if (!is.null(first)) return(first)
    Sys.sleep(0.2)
  }
}

other <- if (node == 0) {
  socketConnection(port = port, server = TRUE, blocking = TRUE, open = "r+", timeout = 60)
} else {
  call_first()
}
writeLines(as.character(mine), other)
flush(other)
total <- mine + as.integer(readLines(other, 1))
close(other)
cat(sprintf('GROUP {"host": "%s", "rank": %d, "world": %d, "mine": %d, "total": %d}\n',
            Sys.info()[["nodename"]], node, nodes, mine, total))
