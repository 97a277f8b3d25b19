/* channel.pml - chan/chan.c with chan/waitq.c, by its functions' names: threads that send and
 * receive, a close at any moment, deadlines that pass at any moment.
 *
 * Each function runs from its lock to its unlock in one `atomic`, for the mutex lets nobody else in
 * meanwhile; it is left where the C lets go of the mutex: in pthread_cond_wait(). A condition
 * variable is modelled as POSIX has it: a signal that nobody waits for is lost, and a wait may end
 * without any.
 *
 * README.md says what is checked; the sizes come from scripts/run-models. */

#ifndef ORDINARY
#define ORDINARY 2 /* threads that send as chan_send() does */
#endif
#ifndef LIMITED
#define LIMITED 0 /* so many of them, the first ones, with a deadline; they leave after it */
#endif
#ifndef RESERVED
#define RESERVED 0 /* threads with a slot reserved: one message under way at a time */
#endif
#ifndef MUST
#define MUST 0 /* threads that reserve a slot for each message: monitor_must_order() */
#endif
#ifndef RECEIVERS
#define RECEIVERS 1
#endif
#ifndef HASTY
#define HASTY 0 /* so many of them, but one, with a deadline; they leave after it */
#endif
#ifndef EACH
#define EACH 2 /* messages a sender */
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef SPURIOUS
#define SPURIOUS 1 /* waits that end without a signal */
#endif
/* CLOSE_ANY: closed at any moment, else once all was received. FREE: the receiver of the last
 * message frees the channel, and nobody closes it. */

#define SENDERS (ORDINARY + RESERVED + MUST)
#define THREADS (SENDERS + RECEIVERS)
#define MOST 5 /* threads, see world() */
#define ROOM (SLOTS + RESERVED + MUST * EACH) /* the most that the ring can grow to */
#define ALL (SENDERS * EACH)

#define NOBODY 255
#define OK 0
#define EPIPE 1
#define ETIMEDOUT 2
#define ENOBUFS 3

/* struct chan; a message is 16 * its sender + its number */
byte ring[ROOM];
byte capacity = SLOTS, reserved, head, used;
bool closed, freed;
chan senders = [THREADS] of { byte };   /* struct waitq: who waits, in order */
chan receivers = [THREADS] of { byte };

/* struct waiter of each thread, and what the kernel knows of its condition variable */
bool on_stack[MOST], woken[MOST], asleep[MOST], signalled[MOST];
bool limited[MOST], due[MOST]; /* it has a deadline; that has passed */

/* what the checks know */
byte sent[SENDERS], got[SENDERS], received, given_up, ended;
byte senders_coming, receivers_coming; /* woken, and not yet running */
byte spurious = SPURIOUS;
#ifdef MUTANT_GAP
bool gap;
#endif

/* ---- waitq.c ---- */

inline cond_wait(me)
{
    asleep[me] = true;
    (signalled[me] || due[me]);
    asleep[me] = false;
    signalled[me] = false;
}

inline cond_signal(w)
{
    assert(on_stack[w]); /* it lives on the stack of the thread that waits */
    if
    :: asleep[w] -> signalled[w] = true
    :: else
    fi
}

inline waitq_wait(q, coming)
{
    if
    :: due[me] -> err = ETIMEDOUT
    :: else ->
        woken[me] = false;
        on_stack[me] = true;
        q!me;
        do
        :: !woken[me] && !due[me] ->
#ifdef MUTANT_GAP
            gap = true; /* between looking and falling asleep the mutex is free */
            (!gap);
#endif
            cond_wait(me)
        :: else -> break
        od;
        on_stack[me] = false;
        if
        :: woken[me] ->
            coming--;
#ifdef MUTANT_TIMEOUT_EATS_WAKE
            err = (due[me] -> ETIMEDOUT : OK);
#else
            err = OK
#endif
        :: else ->
            q??eval(me);
            err = ETIMEDOUT
        fi
    fi
}

inline waitq_wake_one(q, coming)
{
    if
    :: q?w ->
        woken[w] = true;
        coming++;
#ifdef MUTANT_LATE_SIGNAL
        late = w
#else
        cond_signal(w)
#endif
    :: empty(q)
    fi
}

inline waitq_wake_all(q, coming)
{
    do
    :: q?w ->
        woken[w] = true;
        coming++;
        cond_signal(w)
    :: empty(q) -> break
    od
}

/* ---- chan.c ---- */

/* The claim at the top of chan.c: nobody is left asleep beside something to do. */
inline check()
{
    assert(!freed);
    assert(used <= SLOTS + reserved && SLOTS + reserved <= capacity);
    assert(empty(receivers) || receivers_coming >= used);
    assert(empty(senders) || closed || used >= SLOTS || senders_coming >= SLOTS - used)
}

inline push(message)
{
    assert(!closed);
    ring[(head + used) % capacity] = message;
    used++;
    sent[me]++;
    waitq_wake_one(receivers, receivers_coming)
}

/* What leaves is what its sender sent next: nothing is lost, doubled or out of order. */
inline pop()
{
    message = ring[head];
    ring[head] = 0;
    head = (head + 1) % capacity;
    used--;
    assert(message % 16 == got[message / 16]);
    got[message / 16]++;
    received++;
    if
#ifdef MUTANT_POP_WAKES_NOBODY
    :: false -> skip
#else
    :: used < SLOTS -> waitq_wake_one(senders, senders_coming)
#endif
    :: else
    fi
}

inline chan_reserve()
{
    atomic {
        assert(!freed);
        if
        :: SLOTS + reserved + 1 > capacity ->
#ifndef MUTANT_RING_NOT_MOVED
            if
            :: head + used > capacity -> /* what is up to the old end moves to the new one */
                byte k = capacity;
                do
                :: k > head ->
                    k--;
                    ring[k + 1] = ring[k];
                    ring[k] = 0
                :: else -> break
                od;
                head++
            :: else
            fi;
#endif
            capacity++
        :: else
        fi;
        reserved++;
        check()
    }
}

inline chan_unreserve()
{
    atomic {
        assert(!freed && reserved >= 1 && used <= SLOTS + reserved - 1);
        reserved--;
        check()
    }
}

#ifdef MUTANT_NO_RESERVE
#define FULL (used >= SLOTS + reserved)
#else
#define FULL (used >= SLOTS)
#endif

inline chan_send(message)
{
    atomic {
        assert(!freed);
        err = OK;
        do
#ifdef MUTANT_WAIT_IGNORES_CLOSE
        :: FULL && err == OK -> waitq_wait(senders, senders_coming)
#else
        :: FULL && !closed && err == OK -> waitq_wait(senders, senders_coming)
#endif
        :: else -> break
        od;
        if
        :: closed -> err = EPIPE
        :: !closed && FULL
#ifdef MUTANT_TIMEOUT_EATS_WAKE
        :: !closed && !FULL && err == ETIMEDOUT
#endif
        :: else ->
            err = OK;
            push(message)
        fi;
        check()
    }
}

inline chan_send_reserved(message)
{
    atomic {
        assert(!freed);
        if
        :: closed -> err = EPIPE
        :: !closed && used >= SLOTS + reserved -> err = ENOBUFS
        :: else ->
            err = OK;
            push(message)
        fi;
        check()
    }
}

/* What the sender does after the unlock: its hook, which it knows from a copy. */
inline call_hook()
{
#ifdef MUTANT_LATE_SIGNAL
    atomic {
        if
        :: late != NOBODY -> w = late; late = NOBODY; cond_signal(w)
        :: else
        fi
    }
#elif defined(MUTANT_HOOK_OF_CHANNEL)
    assert(!freed)
#else
    skip
#endif
}

inline chan_recv()
{
    atomic {
        assert(!freed);
        err = OK;
        do
        :: used == 0 && !closed && err == OK -> waitq_wait(receivers, receivers_coming)
        :: else -> break
        od;
        if
#ifdef MUTANT_TIMEOUT_EATS_WAKE
        :: used > 0 && err == ETIMEDOUT
        :: used > 0 && err == OK ->
#else
        :: used > 0 ->
#endif
            pop();
            err = OK
        :: used == 0 && closed -> err = EPIPE
        :: else
        fi;
        check()
    }
}

inline chan_close()
{
    atomic {
        assert(!freed);
        closed = true;
#ifndef MUTANT_CLOSE_LEAVES_SENDERS
        waitq_wake_all(senders, senders_coming);
#endif
#ifndef MUTANT_CLOSE_LEAVES_RECEIVERS
        waitq_wake_all(receivers, receivers_coming);
#endif
        check()
    }
}

/* ---- threads ---- */

#ifdef MUTANT_LATE_SIGNAL
#define LOCALS byte err, w, late = NOBODY
#else
#define LOCALS byte err, w
#endif

proctype ordinary(byte me)
{
    LOCALS;
    byte n;
    limited[me] = me < LIMITED;
    do
    :: n < EACH ->
        chan_send(16 * me + sent[me]);
        if
        :: err == OK -> n++; call_hook()
        :: err == EPIPE -> break
        :: err == ETIMEDOUT -> atomic { assert(due[me]); given_up = given_up + EACH - n; break }
        fi
    :: else -> break
    od;
    atomic { limited[me] = false; due[me] = false; err = OK; n = 0; ended++ }
}

/* The next message only once the last was received, as an exit follows the one before. */
proctype with_slot(byte me)
{
    LOCALS;
    do
    :: sent[me] < EACH ->
        chan_send_reserved(16 * me + sent[me]);
        assert(err != ENOBUFS);
        if
        :: err == OK ->
            call_hook();
#ifndef FREE
            if
            :: got[me] == sent[me]
            :: closed && used == 0 && got[me] < sent[me] -> assert(false)
            fi
#else
            break
#endif
        :: else -> break
        fi
    :: else -> break
    od;
    ended++
}

proctype must(byte me)
{
    LOCALS;
    do
    :: sent[me] < EACH ->
        chan_reserve();
        chan_send_reserved(16 * me + sent[me]);
        assert(err != ENOBUFS);
        if
        :: err == OK -> call_hook()
        :: else ->
            chan_unreserve();
            break
        fi
    :: else -> break
    od;
    ended++
}

proctype receiver(byte me)
{
    LOCALS;
    byte message;
    limited[me] = me - SENDERS < HASTY;
    do
    :: true ->
        chan_recv();
#ifdef MUTANT_LATE_SIGNAL
        call_hook();
#endif
        if
        :: err == OK ->
            if
            :: message / 16 >= ORDINARY + RESERVED -> chan_unreserve()
            :: else
            fi;
#ifdef FREE
            if
            :: received == RESERVED -> freed = true; break
            :: else
            fi
#endif
        :: err == EPIPE -> break
        :: err == ETIMEDOUT -> assert(due[me]); break
        fi;
        message = 0
    od;
    atomic { limited[me] = false; due[me] = false; ended++ }
}

proctype closer()
{
#ifdef CLOSE_ANY
    skip;
#else
    (received + given_up == ALL); /* and nobody is left asleep beside a message until then */
#endif
#ifndef FREE
    byte w;
    chan_close();
    chan_close()
#endif
}

/* Time passes, and a wait may end without a signal. */
#define PASSES(t)  t < THREADS && limited[t] && !due[t] -> due[t] = true
#define STARTLES(t) t < THREADS && spurious > 0 && asleep[t] && !signalled[t] -> \
        spurious--; signalled[t] = true

proctype world()
{
end:
    do
    :: atomic { PASSES(0) }
    :: atomic { PASSES(1) }
    :: atomic { PASSES(2) }
    :: atomic { PASSES(3) }
    :: atomic { PASSES(4) }
    :: atomic { STARTLES(0) }
    :: atomic { STARTLES(1) }
    :: atomic { STARTLES(2) }
    :: atomic { STARTLES(3) }
    :: atomic { STARTLES(4) }
#ifdef MUTANT_GAP
    :: atomic { gap -> gap = false }
#endif
    od
}

init
{
    byte i;
    atomic {
        i = 0;
        reserved = RESERVED;
        capacity = SLOTS + RESERVED;
        do
        :: i < ORDINARY -> run ordinary(i); i++
        :: i >= ORDINARY && i < ORDINARY + RESERVED -> run with_slot(i); i++
        :: i >= ORDINARY + RESERVED && i < SENDERS -> run must(i); i++
        :: i >= SENDERS && i < THREADS -> run receiver(i); i++
        :: else -> break
        od;
#ifndef FREE
        run closer();
#endif
        run world();
        i = 0
    }
    (ended == THREADS);
    atomic {
        do
        :: i < SENDERS -> assert(got[i] == sent[i]); i++
        :: else -> break
        od;
        assert(used == 0 && senders_coming == 0 && receivers_coming == 0);
        assert(freed || reserved == RESERVED);
    }
}
