#include "admission.h"

#include "gate.h"

#include "runtime/faults.h"
#include "runtime/local.h"

#include <libgen.h>
#include <pthread.h>
#include <string.h>
#include <sys/un.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct bb_gate gate;
static struct bb_admission_counters counters;
static bool started;

void
bb_admission_start(uint64_t handshakes, uint64_t address_handshakes, uint64_t seed)
{
    pthread_mutex_lock(&lock);
    bb_gate_init(&gate, handshakes, address_handshakes, seed, bb_clock_mono());
    started = true;
    pthread_mutex_unlock(&lock);
}

/* Local sockets. */

static bool
is_for_operators(const struct sockaddr_un *address)
{
    char path[sizeof address->sun_path + 1];

    memcpy(path, address->sun_path, sizeof address->sun_path);
    path[sizeof address->sun_path] = '\0';
    return strcmp(basename(path), "admin.sock") == 0;
}

static bool
is_our_user(const struct sockaddr_un *listener, int fd)
{
    uid_t user;

    if (bb_local_is_ours(fd))
        return true;
    return bb_local_peer(fd, &user) == 0 && user == 0 && is_for_operators(listener);
}

/* TCP. */

static uint64_t
address_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    memset(&address, 0, sizeof address);
    return getpeername(fd, (struct sockaddr *)&address, &size) == 0
               ? bb_gate_address((struct sockaddr *)&address)
               : 0;
}

static bool
judge_tcp(int fd)
{
    uint64_t address = address_of(fd);
    bb_mono now = bb_clock_mono();
    int r;

    if (!address || bb_fault("no-gate")) /* it has gone already */
        return true;
    pthread_mutex_lock(&lock);
    r = started ? bb_gate_judge(&gate, now, address) : 0;
    counters.address_handshakes += r == BB_GATE_E_ADDRESS;
    counters.handshakes += r == BB_GATE_E_ALL;
    pthread_mutex_unlock(&lock);
    return r == 0;
}

bool
bb_admission_judge(int listener, int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_storage room;
    } address;
    socklen_t size = sizeof address;

    memset(&address, 0, sizeof address);
    if (getsockname(listener, &address.any, &size) < 0)
        return false;
    if (address.any.sa_family != AF_UNIX)
        return judge_tcp(fd);
    if (is_our_user(&address.local, fd))
        return true;
    pthread_mutex_lock(&lock);
    counters.users++;
    pthread_mutex_unlock(&lock);
    return false;
}

void
bb_admission_known(int fd)
{
    uint64_t address = address_of(fd);

    if (!address)
        return;
    pthread_mutex_lock(&lock);
    if (started)
        bb_gate_known(&gate, bb_clock_mono(), address);
    pthread_mutex_unlock(&lock);
}

struct bb_admission_counters
bb_admission_counters(void)
{
    struct bb_admission_counters now;

    pthread_mutex_lock(&lock);
    now = counters;
    pthread_mutex_unlock(&lock);
    return now;
}
