/* libconfuse reads the file; every option is a text to it, and one function here turns texts into values, for
 * the defaults as for the file. So a range, a unit or a wrong word is judged while libconfuse still knows the
 * line: in its validation callback. Its callbacks carry no pointer of ours, hence the thread-local load. */
#include "config.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPTIONS_MAX  64
#define NUMBER_BYTES 32

struct unit {
    const char *name;
    long factor;
};

static const struct unit byte_units[] = {
    {"T", 1L << 40}, {"G", 1L << 30}, {"M", 1L << 20}, {"K", 1L << 10}, {"", 1}, {NULL, 0},
};
static const struct unit ms_units[] = {
    {"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

/* One bb_config_load(). */
struct load {
    const struct bb_config_option *table;
    void *into;
    char *error;
    size_t size;
    bool failed;
    bool seen[OPTIONS_MAX];
};

static _Thread_local struct load *current;

static void *
field(const struct bb_config_option *option, void *in)
{
    return (char *)in + option->offset;
}

static const void *
const_field(const struct bb_config_option *option, const void *in)
{
    return (const char *)in + option->offset;
}

static const struct unit *
units_of(enum bb_config_type type)
{
    return type == BB_CONFIG_BYTES ? byte_units : type == BB_CONFIG_MS ? ms_units : no_units;
}

static bool
has_range(const struct bb_config_option *option)
{
    return option->min != 0 || option->max != 0;
}

/* With the largest unit that divides it. Returns out. */
static const char *
format_number(const struct bb_config_option *option, long number, char out[static NUMBER_BYTES])
{
    const struct unit *unit = units_of(option->type);

    while (number % unit->factor != 0)
        unit++;
    snprintf(out, NUMBER_BYTES, "%ld%s", number / unit->factor, number ? unit->name : "");
    return out;
}

/* What a number of this option may be, for a person. */
static void
say_expected(const struct bb_config_option *option, char *out, size_t size)
{
    static const char *const what[] = {
        [BB_CONFIG_INT] = "a whole number",
        [BB_CONFIG_BYTES] = "bytes such as 512K, 64M or 2G",
        [BB_CONFIG_MS] = "a time with its unit, such as 250ms, 10s or 5min",
    };
    char min[NUMBER_BYTES], max[NUMBER_BYTES];

    if (has_range(option))
        snprintf(out, size, "%s, %s to %s", what[option->type], format_number(option, option->min, min),
                 format_number(option, option->max, max));
    else
        snprintf(out, size, "%s", what[option->type]);
}

static int
parse_number(const struct bb_config_option *option, const char *text, long *ret_number)
{
    const struct unit *unit = units_of(option->type);
    char *end;
    long number;

    if (*text < '0' || *text > '9') {
        if (*text != '-' || text[1] < '0' || text[1] > '9')
            return -EINVAL;
    }
    errno = 0;
    number = strtol(text, &end, 10);
    if (errno)
        return -EINVAL;
    while (unit->name && strcmp(unit->name, end) != 0 && !(number == 0 && *end == '\0'))
        unit++;
    if (!unit->name || __builtin_mul_overflow(number, unit->factor, &number))
        return -EINVAL;
    if (has_range(option) ? number < option->min || number > option->max : number < 0)
        return -EINVAL;
    *ret_number = number;
    return 0;
}

static int
parse_bool(const char *text, bool *ret_bool)
{
    static const char *const yes[] = {"true", "yes", "on"};
    static const char *const no[] = {"false", "no", "off"};

    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *ret_bool = strcmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return -EINVAL;
}

static int
set_text(char **to, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*to);
    *to = copy;
    return 0;
}

/* 0 | -ENOMEM | -EINVAL and what was expected at `expected`. */
static int
set_option(const struct bb_config_option *option, const char *text, void *into, char *expected, size_t size)
{
    int r;

    switch (option->type) {
    case BB_CONFIG_TEXT:
        return set_text(field(option, into), text);
    case BB_CONFIG_BOOL:
        r = parse_bool(text, field(option, into));
        if (r < 0)
            snprintf(expected, size, "true or false");
        return r;
    default:
        r = parse_number(option, text, field(option, into));
        if (r < 0)
            say_expected(option, expected, size);
        return r;
    }
}

/* The first error of a load is the one that is told. */
static void
report(cfg_t *cfg, const char *format, va_list arguments)
{
    int n;

    if (!current || current->failed)
        return;
    current->failed = true;
    n = snprintf(current->error, current->size, "%s:%d: ", cfg->filename, cfg->line);
    if (n >= 0 && (size_t)n < current->size)
        vsnprintf(current->error + n, current->size - (size_t)n, format, arguments);
}

static int
validate(cfg_t *cfg, cfg_opt_t *opt)
{
    char expected[160] = "";
    const char *text = cfg_opt_getnstr(opt, 0);
    size_t i = 0;
    int r;

    while (strcmp(current->table[i].name, opt->name) != 0)
        i++;
    if (current->seen[i]) {
        cfg_error(cfg, "'%s' is given twice", opt->name);
        return -1;
    }
    current->seen[i] = true;
    r = set_option(&current->table[i], text ? text : "", current->into, expected, sizeof expected);
    if (r == -EINVAL)
        cfg_error(cfg, "%s: found '%s', expected %s", opt->name, text ? text : "", expected);
    else if (r < 0)
        cfg_error(cfg, "out of memory");
    return r < 0 ? -1 : 0;
}

/* Open a file that is worth giving to a scanner, which would exit on a folder. */
static int
open_file(const char *file, FILE **ret_file)
{
    struct stat st;
    FILE *in;
    int r;

    in = fopen(file, "re");
    if (!in)
        return -errno;
    if (fstat(fileno(in), &st) < 0)
        r = -errno;
    else
        r = S_ISDIR(st.st_mode) ? -EISDIR : 0;
    if (r < 0) {
        fclose(in);
        return r;
    }
    *ret_file = in;
    return 0;
}

static int
parse_file(struct load *load, const char *file)
{
    cfg_opt_t options[OPTIONS_MAX + 1];
    const cfg_opt_t end = CFG_END();
    size_t n = 0;
    cfg_t *cfg;
    FILE *in = NULL;
    int r;

    r = open_file(file, &in);
    if (r < 0) {
        snprintf(load->error, load->size, "%s: %s", file, strerror(-r));
        return r;
    }
    for (; load->table[n].name; n++) {
        const cfg_opt_t option = CFG_STR(load->table[n].name, NULL, CFGF_NODEFAULT);
        options[n] = option;
        options[n].validcb = validate;
    }
    options[n] = end;
    cfg = cfg_init(options, CFGF_NONE);
    if (!cfg) {
        fclose(in);
        return -ENOMEM;
    }
    cfg_set_error_function(cfg, report);
    cfg->filename = strdup(file);
    current = load;
    r = cfg_parse_fp(cfg, in) == CFG_SUCCESS && !load->failed ? 0 : -EINVAL;
    if (r < 0 && !load->failed) /* libconfuse ends without a word at a name that is empty */
        cfg_error(cfg, "expected NAME = VALUE");
    current = NULL;
    cfg_free(cfg);
    fclose(in);
    return r;
}

static int
set_defaults(struct load *load)
{
    char expected[160] = "";
    int r;

    for (const struct bb_config_option *o = load->table; o->name; o++) {
        if (o->type == BB_CONFIG_TEXT)
            *(char **)field(o, load->into) = NULL;
    }
    for (const struct bb_config_option *o = load->table; o->name; o++) {
        if (!o->fallback)
            continue;
        r = set_option(o, o->fallback, load->into, expected, sizeof expected);
        if (r < 0) {
            snprintf(load->error, load->size, "%s: the default '%s' is not %s", o->name, o->fallback,
                     expected);
            return r;
        }
    }
    return 0;
}

static int
check_required(struct load *load, const char *file)
{
    for (size_t i = 0; load->table[i].name; i++) {
        if (!load->table[i].fallback && !load->seen[i]) {
            snprintf(load->error, load->size, "%s: '%s' is missing: %s", file, load->table[i].name,
                     load->table[i].help);
            return -EINVAL;
        }
    }
    return 0;
}

int
bb_config_load(const struct bb_config_option *table, const char *file, void *into, char *error, size_t size)
{
    struct load load = {.table = table, .into = into, .error = error, .size = size};
    int r;

    if (size)
        error[0] = 0;
    r = set_defaults(&load);
    if (r == 0 && file)
        r = parse_file(&load, file);
    if (r == 0 && file)
        r = check_required(&load, file);
    if (r < 0)
        bb_config_release(table, into);
    return r;
}

/* In single quotes, where libconfuse expands nothing. */
static void
print_text(const char *text, FILE *to)
{
    fputc('\'', to);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('\'', to);
}

static void
print_number(const struct bb_config_option *option, long number, FILE *to)
{
    char text[NUMBER_BYTES];

    fputs(format_number(option, number, text), to);
}

static void
print_value(const struct bb_config_option *option, const void *from, FILE *to)
{
    const void *value = const_field(option, from);

    switch (option->type) {
    case BB_CONFIG_TEXT:
        print_text(*(char *const *)value ? *(char *const *)value : "", to);
        break;
    case BB_CONFIG_BOOL:
        fputs(*(const bool *)value ? "true" : "false", to);
        break;
    default:
        print_number(option, *(const long *)value, to);
        break;
    }
}

static void
print_help(const struct bb_config_option *option, FILE *to)
{
    fputs("# ", to);
    for (const char *at = option->help; *at; at++) {
        fputc(*at, to);
        if (*at == '\n')
            fputs("# ", to);
    }
    if (!option->fallback) {
        fputs(" (required)", to);
    } else if (has_range(option)) {
        fputs(" (", to);
        print_number(option, option->min, to);
        fputs(" to ", to);
        print_number(option, option->max, to);
        fputc(')', to);
    }
    fputc('\n', to);
}

void
bb_config_print(const struct bb_config_option *table, const void *from, FILE *to)
{
    for (const struct bb_config_option *o = table; o->name; o++) {
        bool unset = o->type == BB_CONFIG_TEXT && !*(char *const *)const_field(o, from);

        print_help(o, to);
        fprintf(to, "%s%s = ", unset ? "# " : "", o->name);
        print_value(o, from, to);
        fputs(o[1].name ? "\n\n" : "\n", to);
    }
}

void
bb_config_release(const struct bb_config_option *table, void *from)
{
    for (const struct bb_config_option *o = table; o->name; o++) {
        char **text = field(o, from);

        if (o->type != BB_CONFIG_TEXT)
            continue;
        free(*text);
        *text = NULL;
    }
}
