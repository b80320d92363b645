/* The machine, as both benchmarks' reports name it. */
#ifndef BENCH_REPORT_MACHINE_H
#define BENCH_REPORT_MACHINE_H

#include "machine.h"

#include <jansson.h>

void bench_report_machine_text(const struct bench_machine *machine);
/* A new reference. */
json_t *bench_report_machine_json(const struct bench_machine *machine);

#endif
