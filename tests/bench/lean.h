/* A lean client of our side: backbone's protocol on bare sockets and epoll (curve.h), for many connections.
 */
#ifndef BENCH_LEAN_H
#define BENCH_LEAN_H

#include "run.h"

struct lean;

/* Connect so many times to "tcp://127.0.0.1:PORT" with the keys of this file, and say HELLO on each. */
struct lean *lean_start(const char *endpoint, const char *server_key, const char *key_file,
                        unsigned connections);
void lean_stop(struct lean **lean);

/* Send and await the submissions of a run that has begun. */
void lean_run(struct lean *lean, struct bench_run *run);

#endif
