/* test_tcp_probe.c - connections to listeners of the test's own; names are looked up by a stub. */
#include "tcp_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "threads.h"

static int listener;
static uint16_t port; /* of the listener, or of nobody once it is closed */

static void listen_somewhere(void)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof here;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&here, sizeof here), 0);
    cr_assert_eq(listen(listener, 8), 0);
    getsockname(listener, (struct sockaddr *)&here, &bytes);
    port = ntohs(here.sin_port);
}

static void stop_listening(void)
{
    close(listener);
}

TestSuite(tcp_probe, .init = listen_somewhere, .fini = stop_listening);

static atomic_int gate; /* an eventfd that a lookup of "slow" waits for */

/* "db" has a wrong address first; nothing else is known. */
static int stub(const struct endpoint *endpoint, struct address_list *out_list)
{
    if (strcmp(endpoint->host, "slow") == 0) {
        eventfd_t count;
        eventfd_read(atomic_load(&gate), &count);
        return EAI_FAIL;
    }
    if (strcmp(endpoint->host, "db") != 0)
        return EAI_NONAME;
    struct endpoint wrong = { .host = "127.0.0.2", .is_address = true, .port = endpoint->port };
    struct endpoint right = { .host = "127.0.0.1", .is_address = true, .port = endpoint->port };
    struct address_list a, b;
    cr_assert_eq(address_list_literal(&wrong, &a), 0);
    cr_assert_eq(address_list_literal(&right, &b), 0);
    a.items = reallocarray(a.items, 2, sizeof *a.items);
    a.items[1] = b.items[0];
    a.count = 2;
    address_list_release(&b);
    *out_list = a;
    return 0;
}

static void wake(void *arg, int64_t now_ms)
{
    (void)now_ms;
    eventfd_write(*(int *)arg, 1);
}

struct scene {
    struct watcher *watcher;
    struct resolver *resolver;
    struct tcp_probe probe;
    int news;
};

static void begin(struct scene *s, const char *host)
{
    char text[300];
    const char *problem;
    struct endpoint endpoint;
    snprintf(text, sizeof text, "%s:%u", host, (unsigned)port);
    cr_assert_eq(endpoint_parse(text, &endpoint, &problem), 0);
    cr_assert_eq(watcher_new(&s->watcher), 0);
    s->resolver = resolver_new(stub);
    s->news = eventfd(0, 0);
    tcp_probe_start(&s->probe, s->watcher, s->resolver, &endpoint, wake, &s->news);
}

static enum tcp_answer await(struct scene *s)
{
    for (;;) {
        enum tcp_answer answer = tcp_probe_look(&s->probe);
        struct pollfd news = { .fd = s->news, .events = POLLIN };
        eventfd_t count;
        if (answer != TCP_NOT_YET)
            return answer;
        cr_assert_eq(poll(&news, 1, PATIENCE_MS), 1);
        eventfd_read(s->news, &count);
    }
}

static void end(struct scene *s)
{
    resolver_free(s->resolver);
    watcher_free(s->watcher);
    close(s->news);
}

Test(tcp_probe, connects_to_an_address_and_to_localhost)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost" };
    for (int i = 0; i < 2; i++) {
        struct scene s;
        begin(&s, hosts[i]);
        cr_expect_eq(await(&s), TCP_CONNECTED);
        end(&s);
    }
}

Test(tcp_probe, says_why_not)
{
    struct scene s;
    close(listener);
    begin(&s, "127.0.0.1");
    cr_expect_eq(await(&s), TCP_REFUSED);
    cr_expect_str_eq(tcp_probe_reason(&s.probe), "Connection refused");
    end(&s);
    listener = dup(0);
}

Test(tcp_probe, tries_every_address_of_a_name)
{
    struct scene s;
    begin(&s, "db");
    cr_expect_eq(await(&s), TCP_CONNECTED);
    end(&s);
}

Test(tcp_probe, fails_where_a_name_is_not_known)
{
    struct scene s;
    begin(&s, "nowhere");
    cr_expect_eq(await(&s), TCP_REFUSED);
    cr_expect_str_eq(tcp_probe_reason(&s.probe), gai_strerror(EAI_NONAME));
    end(&s);
}

Test(tcp_probe, may_be_cancelled_while_a_lookup_hangs_which_then_ends_by_itself)
{
    struct scene s;
    atomic_store(&gate, eventfd(0, EFD_CLOEXEC));
    begin(&s, "slow");
    cr_expect_eq(tcp_probe_look(&s.probe), TCP_NOT_YET);
    tcp_probe_cancel(&s.probe);
    struct resolver_question waiting;
    struct endpoint db = { .host = "db", .port = port };
    cr_assert_eq(resolver_ask(s.resolver, &waiting, &db, NULL, NULL), 0);
    resolver_cancel(s.resolver, &waiting); /* still in the queue */
    end(&s);                               /* does not wait for it */
    eventfd_write(atomic_load(&gate), 1);
}

Test(tcp_probe, a_connection_under_way_may_be_cancelled)
{
    struct scene s;
    close(listener); /* a full backlog leaves a connection under way; one that is refused is over */
    begin(&s, "127.0.0.1");
    tcp_probe_cancel(&s.probe);
    end(&s);
    listener = dup(0);
}
