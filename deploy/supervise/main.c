/* bb-supervise: run daemons, then a command, then stop them. See supervise.h; deploy/sandbox is its user. */
#include "control.h"
#include "supervise.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] = "usage: bb-supervise --folder DIR --run DIR [--program FILE]... [--remove "
                            "DIR]... [--empty DIR] [--strict] -- COMMAND...\n"
                            "       bb-supervise start|stop|kill|restart|wait NAME   (within COMMAND)\n";

static int
wrong(void)
{
    fputs(usage, stderr);
    return EX_USAGE;
}

int
main(int argc, char **argv)
{
    static const struct option known[] = {{"folder", 1, NULL, 'f'},  {"run", 1, NULL, 'r'},
                                          {"program", 1, NULL, 'p'}, {"remove", 1, NULL, 'd'},
                                          {"empty", 1, NULL, 'e'},   {"strict", 0, NULL, 's'},
                                          {"help", 0, NULL, 'h'},    {NULL, 0, NULL, 0}};
    struct bb_supervise_options o = {0};
    size_t removals = 0;
    const char *control = getenv("BB_CONTROL");
    if (argc == 3 && argv[1][0] != '-')
        return control ? bb_control_ask(control, argv[1], argv[2]) : wrong();
    for (int c; (c = getopt_long(argc, argv, "+h", known, NULL)) != -1;) {
        if (c == 'f')
            o.folder = optarg;
        else if (c == 'r')
            o.run_folder = optarg;
        else if (c == 's')
            o.strict = true;
        else if (c == 'p' && o.programs < BB_SUPERVISE_PROGRAMS)
            o.program[o.programs++] = optarg;
        else if (c == 'd' && removals < 2)
            o.remove[removals++] = optarg;
        else if (c == 'e')
            o.empty = optarg;
        else if (c == 'h')
            return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
        else
            return wrong();
    }
    o.command = argv + optind;
    return o.folder && o.run_folder && o.command[0] ? bb_supervise(&o) : wrong();
}
