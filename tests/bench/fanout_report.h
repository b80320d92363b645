/* What the fan-out benchmark found, for people and as JSON. */
#ifndef FANOUT_REPORT_H
#define FANOUT_REPORT_H

#include "fanout_cases.h"
#include "machine.h"

/* load: of the machine, before the benchmark began. */
void fanout_report_text(const struct bench_machine *machine, double load,
                        const struct fanout_outcome *outcomes, size_t n);
void fanout_report_json(const struct bench_machine *machine, double load,
                        const struct fanout_outcome *outcomes, size_t n);

#endif
