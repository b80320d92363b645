/* What was found, for people and as JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "cases.h"
#include "machine.h"

void bench_report_text(const struct bench_machine *machine, const struct bench_outcome *outcomes, size_t n);
void bench_report_json(const struct bench_machine *machine, const struct bench_outcome *outcomes, size_t n);

#endif
