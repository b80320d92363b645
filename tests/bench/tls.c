#include "tls.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void __attribute__((noreturn)) fail(const char *what)
{
    ERR_print_errors_fp(stderr);
    errx(70, "TLS: %s", what);
}

static FILE *
new_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (!file)
        err(73, "%s", path);
    return file;
}

void
bench_tls_certificate(const char *cert_file, const char *key_file)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
    FILE *file;

    if (!key || !name ||
        !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"localhost", -1, -1, 0) ||
        !X509_set_issuer_name(cert, name) || !X509_set_version(cert, 2) ||
        !ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) ||
        !X509_gmtime_adj(X509_getm_notBefore(cert), -3600) ||
        !X509_gmtime_adj(X509_getm_notAfter(cert), 86400) || !X509_set_pubkey(cert, key) ||
        !X509_sign(cert, key, EVP_sha256()))
        fail("cannot make a certificate");
    file = new_file(key_file);
    if (!PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) || fclose(file) != 0)
        fail(key_file);
    file = new_file(cert_file);
    if (!PEM_write_X509(file, cert) || fclose(file) != 0)
        fail(cert_file);
    X509_free(cert);
    EVP_PKEY_free(key);
}

SSL_CTX *
bench_tls_context(const char *cert_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context || !SSL_CTX_load_verify_file(context, cert_file))
        fail(cert_file);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    return context;
}

int
bench_tcp_connect(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    if (fd < 0)
        err(71, "socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

void
bench_tls_handshake(struct bench_tls *tls, SSL_CTX *context, int fd)
{
    *tls = (struct bench_tls){.fd = fd, .ssl = SSL_new(context)};
    if (!tls->ssl || !SSL_set_fd(tls->ssl, fd) || SSL_connect(tls->ssl) != 1)
        fail("the handshake failed");
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool
bench_tls_connect(struct bench_tls *tls, SSL_CTX *context, unsigned port)
{
    int fd = bench_tcp_connect(port);

    if (fd < 0)
        return false;
    bench_tls_handshake(tls, context, fd);
    return true;
}

void
bench_tls_close(struct bench_tls *tls)
{
    SSL_free(tls->ssl);
    if (tls->ssl)
        close(tls->fd);
    free(tls->out);
    *tls = (struct bench_tls){.fd = -1};
}

uint8_t *
bench_tls_reserve(struct bench_tls *tls, size_t n)
{
    if (tls->len + n > tls->size) {
        tls->size = (tls->len + n) * 2;
        tls->out = realloc(tls->out, tls->size);
        if (!tls->out)
            errx(71, "out of memory");
    }
    return tls->out + tls->len;
}

static bool
has_to_wait(struct bench_tls *tls, int r)
{
    int error = SSL_get_error(tls->ssl, r);

    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
        fail("the connection broke");
    return true;
}

bool
bench_tls_flush(struct bench_tls *tls)
{
    while (tls->sent < tls->len) {
        size_t left = tls->len - tls->sent;
        int r = SSL_write(tls->ssl, tls->out + tls->sent, left < (1 << 20) ? (int)left : 1 << 20);
        if (r <= 0 && has_to_wait(tls, r))
            return false;
        tls->sent += (size_t)r;
    }
    tls->len = tls->sent = 0;
    return true;
}

size_t
bench_tls_read(struct bench_tls *tls, void *buffer, size_t size)
{
    int r = SSL_read(tls->ssl, buffer, (int)size);

    if (r <= 0 && has_to_wait(tls, r))
        return 0;
    return (size_t)r;
}
