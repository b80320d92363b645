/* PostgreSQL: further connections to a peer that runs. */
#ifndef BENCH_POSTGRES_H
#define BENCH_POSTGRES_H

#include "bench.h"

#include <libpq-fe.h>

/* TLS, as those of the peer; PQfinish() ends it. */
PGconn *bench_postgres_connect(struct bench_peer *peer);

#endif
