#include "settings.h"

#include "audit.h"
#include "registry.h"
#include "runtime/keyfile.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#define ADDRESS_MAX 253 /* of a name in the DNS */

#define AT(field) offsetof(struct bb_settings, field)

const struct bb_config_option bb_settings_table[] = {
    {"listen", BB_CONFIG_TEXT, AT(listen), "tcp://127.0.0.1:7600", 0, 0,
     "Where clients connect; port * takes a free one. The bound address is written to <runtime>/endpoint."},
    {"enrol", BB_CONFIG_TEXT, AT(enrol), "", 0, 0,
     "Where those who were invited bring their keys (backbone join): an address as above, with another port; "
     "empty: "
     "nobody is invited."},
    {"address", BB_CONFIG_TEXT, AT(address), "", 0, 0,
     "Name or address of this machine as others reach it, for invitations; empty: the one that is bound."},
    {"server_key", BB_CONFIG_TEXT, AT(server_key), NULL, 0, 0,
     "File with the broker's key pair (backbone keys new FILE), readable by the broker alone."},
    {"registry", BB_CONFIG_TEXT, AT(registry), NULL, 0, 0,
     "Folder with a file for each partner organization."},
    {"audit", BB_CONFIG_TEXT, AT(audit), "", 0, 0,
     "The audit log, a file in a folder where nobody else writes; empty: audit.log beside the folder of the "
     "registry."},
    {"runtime", BB_CONFIG_TEXT, AT(runtime), "/run/backbone", 0, 0,
     "Folder of the sockets worker.sock and admin.sock, closed to others (mode 0700); it is made if it is "
     "not there."},
    {"log_level", BB_CONFIG_TEXT, AT(log_level), "info", 0, 0, "error, warning, notice, info or debug."},
    {"io_threads", BB_CONFIG_INT, AT(io_threads), "1", 1, 16,
     "Threads that encrypt and move bytes of clients."},
    {"max_connections", BB_CONFIG_INT, AT(max_connections), "4096", 1, 1000000,
     "Connections of clients at a time; fewer when RLIMIT_NOFILE allows fewer."},
    {"organization_connections", BB_CONFIG_INT, AT(organization_connections), "1024", 1, 1000000,
     "Of these, the share of one organization, those included that were let in and say nothing."},
    {"key_connections", BB_CONFIG_INT, AT(key_connections), "256", 1, 1000000,
     "Of these, the share of one key, counted likewise."},
    {"handshakes", BB_CONFIG_INT, AT(handshakes), "250", 1, 1000000,
     "Connections a second that may begin a handshake, four times as many at once; those from an address "
     "that "
     "was let in within a day do not count."},
    {"address_handshakes", BB_CONFIG_INT, AT(address_handshakes), "100", 1, 1000000,
     "The same of one address (of IPv6: of 64 bits of it)."},
    {"handshake", BB_CONFIG_MS, AT(handshake_ms), "5s", 100, 60000,
     "A handshake that takes longer is ended."},
    {"key_requests", BB_CONFIG_INT, AT(key_requests), "10000", 1, 100000000,
     "Requests a second of one key, on all its connections, four times as many at once; more are to come "
     "later."},
    {"key_bytes", BB_CONFIG_BYTES, AT(key_bytes), "64M", 1 << 20, 1L << 40,
     "Bytes a second of one key, likewise; each frame counts as 256 more than it has."},
    {"organization_subscriptions", BB_CONFIG_INT, AT(organization_subscriptions), "256", 1, 1000000,
     "Subscriptions of one organization at a time, on all its connections."},
    {"queue_messages", BB_CONFIG_INT, AT(queue_messages), "16384", 1, 10000000,
     "Requests that wait, for each service and lane."},
    {"queue_bytes", BB_CONFIG_BYTES, AT(queue_bytes), "64M", 262144, 1L << 40,
     "Bytes of requests that wait, for each service and lane."},
    {"organization_messages", BB_CONFIG_INT, AT(organization_messages), "4096", 1, 10000000,
     "Of these, the share of one organization."},
    {"organization_bytes", BB_CONFIG_BYTES, AT(organization_bytes), "16M", 262144, 1L << 40,
     "Of these, the share of one organization."},
    {"unread_bytes", BB_CONFIG_BYTES, AT(unread_bytes), "32M", 1 << 20, 1L << 40,
     "Bytes sent to one connection that it has not read; over it the connection is ended."},
    {"unread_total_bytes", BB_CONFIG_BYTES, AT(unread_total_bytes), "256M", 1 << 20, 1L << 40,
     "The same for all connections; over it the one with most is ended."},
    {NULL, BB_CONFIG_TEXT, 0, NULL, 0, 0, NULL},
};

/* Of tcp://ADDRESS:PORT. zmq_tcp(7): an address, an interface or *; PORT * or 0 is any that is free. */
static bool
is_listen_address(const char *text)
{
    static const char scheme[] = "tcp://";
    const char *host = text + sizeof scheme - 1, *colon, *port;
    size_t len, digits;

    if (strncmp(text, scheme, sizeof scheme - 1) != 0 || strpbrk(host, " \t/;"))
        return false;
    colon = strrchr(host, ':');
    if (!colon || colon == host)
        return false;
    len = (size_t)(colon - host);
    if ((host[0] == '[') != (host[len - 1] == ']') || (host[0] != '[' && memchr(host, ':', len)))
        return false;
    port = colon + 1;
    digits = strspn(port, "0123456789");
    if (strcmp(port, "*") == 0)
        return true;
    return digits > 0 && digits <= 5 && !port[digits] && strtol(port, NULL, 10) <= UINT16_MAX;
}

/* Does it stand for all addresses of the machine? Then nobody can be told to go there. */
static bool
is_any_address(const char *endpoint)
{
    return strncmp(endpoint, "tcp://*:", 8) == 0 || strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0 ||
           strncmp(endpoint, "tcp://[::]:", 11) == 0;
}

static int
check_enrol(const struct bb_settings *s, char *error, size_t size)
{
    const char *address = s->address ? s->address : "", *enrol = s->enrol ? s->enrol : "";

    if (*address && (strlen(address) > ADDRESS_MAX || strpbrk(address, " \t/;[]'\"*"))) {
        snprintf(error, size,
                 "address: found \"%s\", expected the name or the address of a machine, without a port",
                 address);
        return -EINVAL;
    }
    if (!*enrol)
        return 0;
    if (!is_listen_address(enrol)) {
        snprintf(error, size,
                 "enrol: found \"%s\", expected tcp://ADDRESS:PORT, with another port than listen", enrol);
        return -EINVAL;
    }
    if (!*address && (is_any_address(s->listen) || is_any_address(enrol))) {
        snprintf(error, size,
                 "address: expected the name of this machine, such as backbone.example.org: invitations name "
                 "it, and "
                 "listen stands for all addresses");
        return -EINVAL;
    }
    return 0;
}

int
bb_settings_check(const void *settings, char *error, size_t size)
{
    const struct bb_settings *s = settings;
    static const char longest[] = "/worker.sock";

    if (!is_listen_address(s->listen)) {
        snprintf(error, size,
                 "listen: found \"%s\", expected tcp://ADDRESS:PORT; ADDRESS * is all of them, "
                 "PORT is up to 65535, or * for any",
                 s->listen);
        return -EINVAL;
    }
    if (check_enrol(s, error, size) < 0)
        return -EINVAL;
    if (strlen(s->runtime) + sizeof longest > sizeof((struct sockaddr_un *)0)->sun_path) {
        snprintf(error, size, "runtime: \"%s\" is too long for the address of a socket", s->runtime);
        return -EINVAL;
    }
    return 0;
}

/* What the settings point at. */

static int
fail(int r, const char *folder, const char *why, char *error, size_t size)
{
    snprintf(error, size, "runtime: \"%s\" %s", folder, why);
    return r;
}

/* It is not there: can it be made? */
static int
check_parent(const char *folder, char *error, size_t size)
{
    char path[PATH_MAX], why[PATH_MAX + 128];
    const char *parent;
    int r;

    snprintf(path, sizeof path, "%s", folder);
    parent = dirname(path);
    if (access(parent, W_OK | X_OK) == 0)
        return 0;
    r = -errno;
    snprintf(why, sizeof why, "is not there and cannot be made: %s: %s", parent, strerror(-r));
    return fail(r, folder, why, error, size);
}

int
bb_settings_check_runtime(const char *folder, char *error, size_t size)
{
    char why[80];
    struct stat st;

    if (stat(folder, &st) < 0)
        return errno == ENOENT ? check_parent(folder, error, size)
                               : fail(-errno, folder, strerror(errno), error, size);
    if (!S_ISDIR(st.st_mode))
        return fail(-ENOTDIR, folder, "is not a folder", error, size);
    if (st.st_mode & 077) {
        snprintf(why, sizeof why, "is open to others: found mode %04o, expected 0700", st.st_mode & 07777u);
        return fail(-EACCES, folder, why, error, size);
    }
    return access(folder, W_OK | X_OK) < 0 ? fail(-errno, folder, strerror(errno), error, size) : 0;
}

static void
print_fault(void *self, const char *message)
{
    (*(unsigned *)self)++;
    fprintf(stderr, "%s\n", message);
}

int
bb_settings_audit(const struct bb_settings *settings, char path[static BB_SETTINGS_PATH], char *error,
                  size_t size)
{
    char registry[BB_SETTINGS_PATH];
    int n;

    snprintf(registry, sizeof registry, "%s", settings->registry);
    if (settings->audit && *settings->audit)
        n = snprintf(path, BB_SETTINGS_PATH, "%s", settings->audit);
    else
        n = snprintf(path, BB_SETTINGS_PATH, "%s/audit.log", dirname(registry));
    if (n < BB_SETTINGS_PATH && strlen(settings->registry) < sizeof registry)
        return 0;
    snprintf(error, size, "audit: the path of the log is too long");
    return -ENAMETOOLONG;
}

static void
examine_audit(const struct bb_settings *settings, unsigned *faults)
{
    char path[BB_SETTINGS_PATH], error[512 + BB_SETTINGS_PATH];
    int r = bb_settings_audit(settings, path, error, sizeof error);

    if (r == 0)
        r = bb_audit_examine(path, error, sizeof error);
    if (r < 0)
        print_fault(faults, error);
}

static void
examine_registry(const char *folder, unsigned *faults)
{
    struct bb_registry *registry = NULL;
    char message[256];
    int r = bb_registry_load(folder, NULL, print_fault, faults, &registry);

    if (r == 0 && access(folder, W_OK | X_OK) < 0)
        r = -errno;
    if (r < 0) {
        snprintf(message, sizeof message, "registry: \"%s\": %s", folder, strerror(-r));
        print_fault(faults, message);
    }
    bb_registry_destroy(&registry);
}

int
bb_settings_examine(const void *settings)
{
    const struct bb_settings *s = settings;
    struct bb_keypair keys;
    unsigned faults = 0;
    char error[512];

    if (bb_keyfile_read(s->server_key, &keys, error, sizeof error) < 0)
        print_fault(&faults, error);
    else
        bb_keypair_wipe(&keys);
    examine_registry(s->registry, &faults);
    examine_audit(s, &faults);
    if (bb_settings_check_runtime(s->runtime, error, sizeof error) < 0)
        print_fault(&faults, error);
    return faults ? EX_CONFIG : EX_OK;
}
