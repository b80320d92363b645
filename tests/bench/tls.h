/* TLS for the clients of the peers: a certificate of our own, and connections that never block. */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key (EC P-256) and a certificate signed by itself, as PEM files; the key is readable by its owner alone.
 */
void bench_tls_certificate(const char *cert_file, const char *key_file);

/* Bytes to send wait in `out`, from `sent` on. */
struct bench_tls {
    SSL *ssl;
    int fd;
    uint8_t *out;
    size_t len, sent, size;
};

/* Connect to the loopback; the server's certificate must be the one in cert_file. False: nobody listens. */
bool bench_tls_connect(struct bench_tls *tls, SSL_CTX *context, unsigned port);
/* The same in two steps, for a server that speaks in clear first. -1: nobody listens. */
int bench_tcp_connect(unsigned port);
void bench_tls_handshake(struct bench_tls *tls, SSL_CTX *context, int fd);
SSL_CTX *bench_tls_context(const char *cert_file);
void bench_tls_close(struct bench_tls *tls);

/* Room for n more bytes at the end of `out`; the caller writes them and adds to `len`. */
uint8_t *bench_tls_reserve(struct bench_tls *tls, size_t n);
/* Send what goes. True: all of it went. */
bool bench_tls_flush(struct bench_tls *tls);
/* What has come; 0 when there is nothing now. A closed connection ends the benchmark. */
size_t bench_tls_read(struct bench_tls *tls, void *buffer, size_t size);

#endif
