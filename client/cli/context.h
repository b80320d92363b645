/* Contexts: whom to talk to, and under which key.
 *
 * One small JSON file a context, {"endpoint","server_key","key_file","signing_key_file"}, in the folder
 * `contexts` of $BACKBONE_CONFIG_DIR, or of backbone below $XDG_CONFIG_HOME or ~/.config; the file `current`
 * beside the folder holds the name of the selected one. No secret is in them: the key file is named, not
 * copied. A context of the operators' socket (ipc) has no keys.
 *
 * What goes wrong is said on stderr here; functions return 0 or an exit code. */
#ifndef BB_CLI_CONTEXT_H
#define BB_CLI_CONTEXT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct bb_cli_context {
    char *name;
    char *endpoint;
    char *server_key;       /* NULL: none */
    char *key_file;         /* NULL: none */
    char *signing_key_file; /* what is reported is signed with this key; NULL: it is not */
};

/* Load the context of this name, or the selected one (NULL or ""). */
int bb_cli_context_load(const char *name, struct bb_cli_context *ret_context);
void bb_cli_context_release(struct bb_cli_context *context);

/* Is there one of this name? */
bool bb_cli_context_exists(const char *name);

/* Write it, replacing one of the same name at once and whole. */
int bb_cli_context_save(const struct bb_cli_context *context);

int bb_cli_context_select(const char *name);
/* Name of the selected context; NULL: none. Free it. */
char *bb_cli_context_selected(void);

/* Where the signing key of a context goes if nobody says where: a file that is not there yet, whose folder
 * is. size: PATH_MAX */
int bb_cli_context_signing_path(const char *name, char *ret_path, size_t size);

/* A path below the configuration folder: "contexts", "contexts/" and NAME, "keys/" and NAME, "current".
 * 0 | an exit code, the reason said */
int bb_cli_config_path(char out[static PATH_MAX], const char *below, const char *name);

/* Names of all contexts, sorted. Free each and the array. */
int bb_cli_context_names(char ***ret_names, size_t *ret_n);

#endif
