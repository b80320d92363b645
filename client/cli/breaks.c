#include "breaks.h"

#include "runtime/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void
write_line(FILE *to, const struct bb_point *point, const struct bb_series_break *one)
{
    char time[BB_UTC_TEXT];

    bb_utc_format(one->time_us, time);
    fprintf(to, "* from %s: %s is reported under version %" PRIu32 ", before under version %" PRIu32 ": ",
            point->period, one->indicator, one->version, one->before);
    for (size_t i = 0; i < one->n_changed; i++)
        fprintf(to, "%s%s", i ? ", " : "", one->changed[i]);
    fprintf(to, " changed on %.10s\n", time);
}

int
bb_cli_breaks_add(struct bb_cli_breaks *breaks, const struct bb_point *point)
{
    if (point->n_breaks == 0 || strcmp(breaks->last, point->period) == 0)
        return 0;
    if (!breaks->to && !(breaks->to = open_memstream(&breaks->text, &breaks->len)))
        return -ENOMEM;
    for (size_t i = 0; i < point->n_breaks; i++)
        write_line(breaks->to, point, &point->breaks[i]);
    snprintf(breaks->last, sizeof breaks->last, "%s", point->period);
    return ferror(breaks->to) ? -ENOMEM : 0;
}

void
bb_cli_breaks_print(struct bb_cli_breaks *breaks)
{
    if (breaks->to && fflush(breaks->to) == 0)
        printf("\n%s", breaks->text);
}

void
bb_cli_breaks_release(struct bb_cli_breaks *breaks)
{
    if (breaks->to)
        fclose(breaks->to);
    free(breaks->text);
}

static void
write_json(FILE *to, const struct bb_series_break *one)
{
    char time[BB_UTC_TEXT];

    bb_utc_format(one->time_us, time);
    fputs("{\"indicator\":", to);
    bb_json_string(to, one->indicator, strlen(one->indicator));
    fprintf(to, ",\"version\":%" PRIu32 ",\"before\":%" PRIu32 ",\"sequence\":%" PRIu64 ",\"time\":\"%s\"",
            one->version, one->before, one->sequence, time);
    fputs(",\"changed\":[", to);
    for (size_t i = 0; i < one->n_changed; i++) {
        fputs(i ? "," : "", to);
        bb_json_string(to, one->changed[i], strlen(one->changed[i]));
    }
    fputs("]}", to);
}

int
bb_cli_breaks_output(struct bb_output *output, size_t column, const struct bb_point *point)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    if (!to)
        return -ENOMEM;
    for (size_t i = 0; i < point->n_breaks; i++) {
        fputs(i ? "," : "[", to);
        write_json(to, &point->breaks[i]);
    }
    fputs("]", to);
    if (fclose(to) != 0) {
        free(text);
        return -ENOMEM;
    }
    bb_output_json(output, column, text);
    free(text);
    return 0;
}
