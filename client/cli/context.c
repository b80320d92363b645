/* Files are written beside their place and renamed into it, so that a reader finds the old one or the new
 * one. */
#include "context.h"

#include "cli.h"
#include "folders.h"

#include "runtime/file.h"
#include "runtime/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
bb_cli_config_path(char out[static PATH_MAX], const char *below, const char *name)
{
    const char *own = getenv("BACKBONE_CONFIG_DIR"), *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n;

    if (own && *own)
        n = snprintf(out, PATH_MAX, "%s/%s%s", own, below, name);
    else if (xdg && *xdg)
        n = snprintf(out, PATH_MAX, "%s/backbone/%s%s", xdg, below, name);
    else if (home && *home)
        n = snprintf(out, PATH_MAX, "%s/.config/backbone/%s%s", home, below, name);
    else
        n = -1;
    if (n >= 0 && n < PATH_MAX)
        return 0;
    bb_cli_error("where are contexts kept? Set BACKBONE_CONFIG_DIR or HOME");
    return EX_CONFIG;
}

static int
check_name(const char *name)
{
    if (bb_text_is_code(bb_bytes_str(name)))
        return 0;
    bb_cli_error("context name: found '%s', expected letters, digits, '_', '.', '-', first a letter or digit",
                 name);
    return EX_USAGE;
}

/* --- writing ------------------------------------------------------------------------------------------ */

static int
replace_file(char *path, const char *text)
{
    char temporary[PATH_MAX + 8];
    int fd, r = bb_folders_make(path);

    if (r < 0)
        return r;
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    fd = mkstemp(temporary); /* 0600 */
    if (fd < 0)
        return -errno;
    r = bb_file_write(fd, text, strlen(text));
    if (r == 0 && fsync(fd) != 0)
        r = -errno;
    close(fd);
    if (r == 0 && rename(temporary, path) != 0)
        r = -errno;
    if (r < 0)
        unlink(temporary);
    else
        r = bb_file_sync_name(path);
    return r;
}

static int
save(const char *below, const char *name, const char *text)
{
    char path[PATH_MAX];
    int r = bb_cli_config_path(path, below, name);

    if (r != 0)
        return r;
    r = replace_file(path, text);
    if (r == 0)
        return 0;
    bb_cli_error("%s: %s", path, strerror(-r));
    return EX_CANTCREAT;
}

int
bb_cli_context_save(const struct bb_cli_context *context)
{
    json_t *json;
    char *text;
    int r = check_name(context->name);

    if (r != 0)
        return r;
    json = json_pack("{ss ss* ss* ss*}", "endpoint", context->endpoint, "server_key", context->server_key,
                     "key_file", context->key_file, "signing_key_file", context->signing_key_file);
    text = json ? json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(json);
    if (!text) {
        bb_cli_error("%s: expected UTF-8 text", context->name);
        return EX_USAGE;
    }
    r = save("contexts/", context->name, text);
    free(text);
    return r;
}

/* --- reading ------------------------------------------------------------------------------------------ */

char *
bb_cli_context_selected(void)
{
    char path[PATH_MAX], name[256];
    FILE *file;
    bool got;

    if (bb_cli_config_path(path, "current", "") != 0)
        return NULL;
    file = fopen(path, "re");
    if (!file)
        return NULL;
    got = fgets(name, sizeof name, file) != NULL;
    fclose(file);
    if (!got)
        return NULL;
    name[strcspn(name, "\n")] = '\0';
    return bb_text_is_code(bb_bytes_str(name)) ? strdup(name) : NULL;
}

int
bb_cli_context_select(const char *name)
{
    struct bb_cli_context context;
    int r = bb_cli_context_load(name, &context); /* it must be there */

    if (r != 0)
        return r;
    bb_cli_context_release(&context);
    return save("current", "", name);
}

static int
parse_context(const char *path, const char *name, struct bb_cli_context *ret_context)
{
    const char *endpoint, *server_key = NULL, *key_file = NULL, *signing_key_file = NULL;
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);

    if (!json) {
        if (access(path, F_OK) != 0)
            bb_cli_error("there is no context '%s'; see backbone context ls", name);
        else
            bb_cli_error("%s:%d: %s", path, error.line, error.text);
        return EX_CONFIG;
    }
    if (json_unpack_ex(json, &error, JSON_STRICT, "{ss s?s s?s s?s}", "endpoint", &endpoint, "server_key",
                       &server_key, "key_file", &key_file, "signing_key_file", &signing_key_file) != 0) {
        bb_cli_error("%s:%d: %s; expected endpoint, server_key, key_file and signing_key_file", path,
                     error.line, error.text);
        json_decref(json);
        return EX_CONFIG;
    }
    *ret_context = (struct bb_cli_context){
        .name = strdup(name),
        .endpoint = strdup(endpoint),
        .server_key = server_key ? strdup(server_key) : NULL,
        .key_file = key_file ? strdup(key_file) : NULL,
        .signing_key_file = signing_key_file ? strdup(signing_key_file) : NULL,
    };
    json_decref(json);
    return 0;
}

bool
bb_cli_context_exists(const char *name)
{
    char path[PATH_MAX];

    return bb_text_is_code(bb_bytes_str(name)) && bb_cli_config_path(path, "contexts/", name) == 0 &&
           access(path, F_OK) == 0;
}

int
bb_cli_context_load(const char *name, struct bb_cli_context *ret_context)
{
    char path[PATH_MAX], *selected = NULL;
    int r;

    if (!name || !*name)
        name = selected = bb_cli_context_selected();
    if (!name) {
        bb_cli_error("no context is selected; see backbone context add and backbone context select");
        return EX_CONFIG;
    }
    r = check_name(name);
    if (r == 0)
        r = bb_cli_config_path(path, "contexts/", name);
    if (r == 0)
        r = parse_context(path, name, ret_context);
    free(selected);
    return r;
}

void
bb_cli_context_release(struct bb_cli_context *context)
{
    free(context->name);
    free(context->endpoint);
    free(context->server_key);
    free(context->key_file);
    free(context->signing_key_file);
    *context = (struct bb_cli_context){0};
}

int
bb_cli_context_signing_path(const char *name, char *ret_path, size_t size)
{
    char path[PATH_MAX];
    int r = bb_cli_config_path(path, "signing/", name), n = r == 0 ? bb_folders_make(path) : 0, len;

    if (r != 0)
        return r;
    if (n < 0) {
        bb_cli_error("%s: %s", path, strerror(-n));
        return EX_CANTCREAT;
    }
    len = snprintf(ret_path, size, "%s", path);
    for (unsigned next = 2; len > 0 && (size_t)len < size && access(ret_path, F_OK) == 0; next++)
        len = snprintf(ret_path, size, "%s.%u", path, next);
    if (len > 0 && (size_t)len < size)
        return 0;
    bb_cli_error("%s: %s", path, strerror(ENAMETOOLONG));
    return EX_CANTCREAT;
}

static int
is_context(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t len = strlen(name);

    /* what mkstemp() left behind by a crash ends like this */
    return bb_text_is_code(bb_bytes_str(name)) && !(len > 7 && name[len - 7] == '.');
}

int
bb_cli_context_names(char ***ret_names, size_t *ret_n)
{
    char path[PATH_MAX], **names;
    struct dirent **entries;
    int n, r = bb_cli_config_path(path, "contexts", "");

    if (r != 0)
        return r;
    n = scandir(path, &entries, is_context, alphasort);
    if (n < 0 && errno != ENOENT) {
        bb_cli_error("%s: %s", path, strerror(errno));
        return EX_NOINPUT;
    }
    names = calloc(n > 0 ? (size_t)n : 1, sizeof *names);
    for (int i = 0; i < n; i++) {
        if (names)
            names[i] = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
    if (!names)
        return EX_OSERR;
    *ret_names = names;
    *ret_n = n > 0 ? (size_t)n : 0;
    return 0;
}
