#include "report_machine.h"

#include <stdio.h>

void
bench_report_machine_text(const struct bench_machine *machine)
{
    printf("%s, %ld cores, %.0f GB; %s; %s, an append of 4 KiB with fdatasync takes %.0f us\n\n",
           machine->cpu, machine->cores, machine->memory_gb, machine->kernel, machine->filesystem,
           machine->fdatasync_us);
}

json_t *
bench_report_machine_json(const struct bench_machine *machine)
{
    return json_pack("{s:s,s:I,s:f,s:s,s:s,s:f}", "cpu", machine->cpu, "cores", (json_int_t)machine->cores,
                     "memory_gb", machine->memory_gb, "kernel", machine->kernel, "filesystem",
                     machine->filesystem, "fdatasync_us", machine->fdatasync_us);
}
