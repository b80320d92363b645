/* A lean client of our side: submissions over many lean connections (link.h). */
#ifndef BENCH_LEAN_H
#define BENCH_LEAN_H

#include "link.h"
#include "run.h"

struct lean;

/* Connect so many times. */
struct lean *lean_start(const struct bench_link_target *target, unsigned connections);
void lean_stop(struct lean **lean);

/* Send and await the submissions of a run that has begun. */
void lean_run(struct lean *lean, struct bench_run *run);

#endif
