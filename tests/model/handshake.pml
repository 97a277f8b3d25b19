/* handshake.pml - the life and the end of instances: monitors (monitor.c, instance.c, child*.c), the
 * watcher, main (supervisor.c, reaper.c), the manager (manager*.c), the pump's answers, a front that
 * asks for things, and children that end when they like or never.
 *
 * A channel is what channel.pml shows it to be: a queue with ordinary and reserved slots that can be
 * closed. Time is "any moment": a deadline may pass whenever its thread finds its inbox empty. What
 * repeats without changing anything (SIGKILL each second) is left out, so that a system which only
 * goes through motions is seen to stand still.
 *
 * README.md says what is checked; the sizes come from scripts/run-models. */

#ifndef N
#define N 1 /* instances */
#endif
#ifndef LIVES
#define LIVES 2 /* processes an instance may have, one after the other */
#endif
#ifndef REQUESTS
#define REQUESTS 2
#endif
/* MEMBERS: a process may leave one behind in its group. PUMP: its output goes through the pump.
 * HANG: a start may be held up until its process is killed. TWICE: told to end twice. */

#define ORDER_SLOTS 1
#define RESERVED 6        /* RETIRE, EXITED, GROUP yes and no, DRAINED, KILL */
#define MANAGER_SLOTS (REQUESTS + 2 + 2 * N) /* requests, SHUTDOWN, KILL; CHANGED, GONE of each */

mtype = { ORDER, EXITED, GROUP, DRAINED, KILL, REQUEST, CHANGED, GONE, SHUTDOWN };
mtype = { START, STOP, RETIRE, REMOVE, NOTHING };
mtype = { STOPPED, UP, BACKOFF, STOPPING };   /* FATAL is a STOPPED; STARTED and RUNNING are UP */
mtype = { NONE, ALIVE, ZOMBIE };
mtype = { DOOR_SHUT, DOOR_CLOSED, DOOR_OPEN }; /* no start; one, but no pidfd yet; its pidfd */
mtype = { AFTER_STOPPED, AFTER_START, AFTER_EXIT };

/* a note: what, which order (GROUP: START for "empty", STOP for "not"), is an answer owed */
chan inbox[N] = [ORDER_SLOTS + RESERVED] of { mtype, mtype, bool };
bool inbox_closed[N];
/* a message: what, of whom, which request */
chan manager_inbox = [MANAGER_SLOTS] of { mtype, byte, mtype };
bool manager_closed;

/* the processes */
mtype proc[N] = NONE;
bool stubborn[N], member[N], member_stubborn[N];
byte lives[N] = LIVES;

/* struct slot of the watcher; struct reaper_question; the pump's question; struct published */
bool watched[N], fired[N];
bool queued[N], wants_answer[N], wants_kill[N], asked_main[N], told_main[N], question_closed[N];
bool pump_asked[N];
mtype door[N] = DOOR_SHUT;
bool unstuck[N];
mtype standing[N] = STOPPED;

/* monitor and manager */
bool told[N];
mtype seen[N] = STOPPED;
bool looking[N];
byte posted[N], taken[N];
byte left = N; /* of the WaitGroup */
bool thread_ended[N], freed[N];
bool manager_ended, all_ended, watcher_ending, watcher_ended;

/* the front, and what the checks know */
byte owed, answered;
bool front_ended;
byte started[N], reaped[N];

inline send_note(to, kind, what, reply)
{
    atomic {
        assert(!freed[to]); /* its inbox is gone with it */
        if
        :: inbox_closed[to]
        :: else ->
            assert(!(inbox[to]??[eval(kind), eval(what), eval(reply)])); /* each at most once at a time */
            assert(nfull(inbox[to]));
            inbox[to]!kind, what, reply
        fi
    }
}

inline send_news(kind, from)
{
    atomic {
        assert(!manager_closed && nfull(manager_inbox));
        assert(!(manager_inbox??[eval(kind), eval(from), NOTHING]));
        manager_inbox!kind, from, NOTHING
    }
}

inline answer(reply)
{
    if
    :: reply -> answered++
    :: else
    fi
}

/* ---- the monitor ---- */

/* A step of the state machine has been taken: instance_publish(). */
inline enter(state)
{
    st = state;
    standing[i] = state
}

/* as_the_exit_decides() */
inline exit_decides()
{
    if
    :: lives[i] > 0 -> launch = true; enter(UP)
    :: lives[i] > 0 -> enter(BACKOFF)
    :: true -> enter(STOPPED)
    fi
}

inline settle_stops()
{
    atomic {
        answered = answered + waiting_stops;
        waiting_stops = 0
    }
}

inline all_gone()
{
    if
    :: after == AFTER_STOPPED ->
        enter(STOPPED);
        gone = retiring;
        settle_stops()
    :: after == AFTER_START ->
        settle_stops();
        launch = true;
        enter(UP)
    :: after == AFTER_EXIT ->
        assert(!retiring);
        settle_stops();
        exit_decides()
    fi
}

/* child_kill() */
inline ask_to_kill()
{
    atomic {
        if
        :: proc[i] != NONE && !question_closed[i] -> wants_kill[i] = true; queued[i] = true
        :: else
        fi
    }
}

inline tell_group(empty_)
{
    if
    :: empty_ ->
        atomic { /* child_bury(): the last signal while the zombie holds the number */
            assert(proc[i] == ZOMBIE);
            member[i] = false
        }
        atomic { proc[i] = NONE; reaped[i]++ }
    :: else
    fi;
    assert(st == STOPPING || (asked && st == UP)); /* EV_EXITED, or EV_EMPTY after it */
    if
    :: st == UP -> after = AFTER_EXIT; enter(STOPPING) /* for no time, where nothing is left */
    :: else
    fi;
    if
    :: empty_ -> all_gone()
    :: else
    fi;
    asked = false;
    known = NOTHING
}

inline take_start(reply)
{
    if
    :: retiring -> answer(reply)
    :: !retiring && st == UP -> answer(reply)
    :: !retiring && (st == STOPPED || st == BACKOFF) ->
        waiting_starts = waiting_starts + reply;
        launch = true;
        enter(UP)
    :: !retiring && st == STOPPING ->
        waiting_starts = waiting_starts + reply;
        after = AFTER_START
    fi
}

inline take_stop(reply)
{
    atomic { /* it overtakes starts */
        answered = answered + waiting_starts;
        waiting_starts = 0
    }
    if
    :: st == UP || st == STOPPING ->
        waiting_stops = waiting_stops + reply;
        after = AFTER_STOPPED;
        enter(STOPPING)
    :: else ->
        enter(STOPPED);
        gone = retiring;
        answer(reply)
    fi
}

inline take_order(what, reply)
{
    if
    :: what == START -> take_start(reply)
    :: what == STOP -> take_stop(reply)
    :: what == RETIRE ->
#ifndef MUTANT_RETIREMENT_FORGOTTEN
        retiring = true;
#else
        retiring = (st != UP);
#endif
        take_stop(reply)
    fi;
    taken[i]++
}

/* ACT_SPAWN: from the open door to the end of the start. */
inline spawn()
{
    launch = false;
    atomic { assert(proc[i] == NONE && !member[i]); door[i] = DOOR_CLOSED }
    door[i] = DOOR_OPEN; /* by the child itself */
    if
    :: lives[i] > 0 ->
        atomic {
            lives[i]--;
            started[i]++;
            proc[i] = ALIVE;
            if
            :: stubborn[i] = true
            :: stubborn[i] = false
            fi
        }
        atomic { door[i] = DOOR_SHUT; unstuck[i] = false }
        atomic { watched[i] = true; fired[i] = false; } /* watcher_add_once() */
#ifdef MUTANT_WATCH_MISSES_THE_PAST
        atomic { fired[i] = (proc[i] == ZOMBIE) }
#endif
        atomic { /* reaper_track() */
            queued[i] = false; wants_answer[i] = false; wants_kill[i] = false;
            asked_main[i] = false; told_main[i] = false; question_closed[i] = false
        }
    :: true -> /* exec fails, or resources do */
#ifdef HANG
        if
        :: true -> (unstuck[i]) /* a hung mount has it */
        :: true
        fi;
#endif
        atomic { door[i] = DOOR_SHUT; unstuck[i] = false }
        if
        :: lives[i] > 0 -> enter(BACKOFF)
        :: true -> enter(STOPPED)
        fi
    fi;
    atomic {
        answered = answered + waiting_starts;
        waiting_starts = 0
    }
}

inline take_note()
{
    if
    :: kind == ORDER -> take_order(what, reply)
    :: kind == EXITED ->
        assert(proc[i] == ZOMBIE && !asked);
        asked = true;
        atomic { wants_answer[i] = true; queued[i] = true } /* reaper_ask() */
    :: kind == GROUP ->
        if
#ifdef PUMP
        :: what == START -> draining = true; pump_asked[i] = true
#else
        :: what == START -> known = START
#endif
        :: what == STOP && asked -> known = STOP
        :: what == STOP && !asked
        fi
    :: kind == DRAINED ->
        if
        :: draining -> draining = false; known = START
        :: else
        fi
    :: kind == KILL ->
        if
        :: st == STOPPING -> ask_to_kill()
        :: else
        fi
    fi
}

inline tell_change()
{
    if
    :: atomic { !told[i] && standing[i] != seen[i] -> told[i] = true; }
       send_news(CHANGED, i)
    :: atomic { told[i] || standing[i] == seen[i] }
    fi
}

proctype monitor(byte i)
{
    mtype st = STOPPED, after = AFTER_STOPPED, kind = ORDER, what = NOTHING, known = NOTHING;
    bool retiring, asked, draining, gone, launch, reply;
    byte waiting_starts, waiting_stops;
    do
    :: gone -> break
    :: !gone ->
        if
        :: atomic { inbox[i]?kind, what, reply } ->
            take_note();
            atomic { kind = ORDER; what = NOTHING; reply = false }
        :: empty(inbox[i]) && draining -> /* instance_deadline_passed() */
#ifndef MUTANT_NOT_CANCELLED
            pump_asked[i] = false;
#endif
            draining = false;
            known = START
        :: empty(inbox[i]) && !draining && !asked && st == STOPPING && !wants_kill[i] &&
           (proc[i] == ALIVE || member[i]) -> ask_to_kill()
        :: empty(inbox[i]) && !draining && !asked && st == BACKOFF ->
            launch = true;
            enter(UP)
        fi;
        if
        :: known != NOTHING -> tell_group(known == START)
        :: else
        fi;
        if
        :: launch -> spawn()
        :: else
        fi;
        tell_change()
    od;
    assert(waiting_starts == 0 && waiting_stops == 0);
#ifndef MUTANT_INBOX_LEFT
    inbox_closed[i] = true;
    do
    :: atomic { inbox[i]?kind, what, reply ->
           if
           :: kind == ORDER -> answer(reply)
           :: else
           fi }
    :: empty(inbox[i]) -> break
    od;
#endif
#ifndef MUTANT_NO_DONE
    left--;
#endif
    send_news(GONE, i);
    thread_ended[i] = true
}

/* ---- the watcher ---- */

inline on_exit_seen(n)
{
    atomic { /* under its lock */
        if
        :: watched[n] ->
            watched[n] = false; /* give_slot() */
#ifdef MUTANT_WATCHER_UNRESERVED
            assert(!freed[n]);
            if
            :: len(inbox[n]) < ORDER_SLOTS && !inbox_closed[n] -> inbox[n]!EXITED, NOTHING, false
            :: else
            fi
#else
            send_note(n, EXITED, NOTHING, false)
#endif
        :: else
        fi
    }
}

proctype watcher()
{
    do
    :: atomic { watched[0] && proc[0] == ZOMBIE && !fired[0] -> fired[0] = true }
       on_exit_seen(0)
#if N > 1
    :: atomic { watched[1] && proc[1] == ZOMBIE && !fired[1] -> fired[1] = true }
       on_exit_seen(1)
#endif
    :: watcher_ending -> break
    od;
    watcher_ended = true
}

/* ---- main ---- */

/* take_request(), carry_out(), answer() for one question. */
inline reaper_run(n)
{
    atomic { /* under its lock */
        queued[n] = false;
        asked_main[n] = asked_main[n] || wants_answer[n];
        kills = wants_kill[n];
        wants_answer[n] = false;
        wants_kill[n] = false
    }
    atomic {
        if
        :: kills && proc[n] == ALIVE -> proc[n] = ZOMBIE; member[n] = false
        :: kills && proc[n] != ALIVE -> member[n] = false
        :: else
        fi;
        kills = false
    }
    if
    :: asked_main[n] && !question_closed[n] && !member[n] ->
#ifdef MUTANT_CLOSED_LATE
        send_note(n, GROUP, START, false);
        atomic { assert(!freed[n]); question_closed[n] = true; queued[n] = false }
#else
        atomic { question_closed[n] = true; queued[n] = false; asked_main[n] = false }
        send_note(n, GROUP, START, false)
#endif
    :: asked_main[n] && !question_closed[n] && member[n] && !told_main[n] ->
        told_main[n] = true;
#ifdef MUTANT_ANSWERED_ONCE
        asked_main[n] = false;
#endif
        send_note(n, GROUP, STOP, false)
    :: else
    fi
}

/* A request, or the end of an orphan that an answer waits for. */
#define REAPER_WAKES(n) (queued[n] || (asked_main[n] && !question_closed[n] && !member[n]))

proctype supervisor()
{
    bool kills, told_to_end, told_twice;
    byte n;
    do
    :: manager_ended -> break
    :: atomic { !manager_ended && !told_to_end -> told_to_end = true; /* SIGTERM, at any moment */
           assert(nfull(manager_inbox));
           manager_inbox!SHUTDOWN, 0, NOTHING }
#ifdef TWICE
    :: atomic { told_to_end && !told_twice -> told_twice = true;
           if
           :: manager_closed
           :: else -> assert(nfull(manager_inbox)); manager_inbox!KILL, 0, NOTHING
           fi }
#endif
    :: REAPER_WAKES(0) -> reaper_run(0)
#if N > 1
    :: REAPER_WAKES(1) -> reaper_run(1)
#endif
    od;
    assert(left == 0); /* waitgroup_wait(..., now), or it gives up */
    watcher_ending = true;
    (watcher_ended && front_ended);
    atomic {
        for (n : 0 .. N - 1) {
            assert(thread_ended[n] && freed[n]);             /* every monitor is joined */
            assert(proc[n] == NONE && !member[n]);           /* nothing is left */
            assert(started[n] == reaped[n]);                 /* no exit is lost */
            assert(!watched[n] && !queued[n] && !pump_asked[n])
        }
        assert(empty(manager_inbox));
        all_ended = true
    }
}

/* ---- the manager ---- */

inline unstick(n)
{
    if
    :: door[n] == DOOR_OPEN -> unstuck[n] = true
    :: else
    fi
}

/* post(): without an answer where `to` is gone or busy, else it is on its way. */
inline post(to, what, reply)
{
    atomic {
        if
        :: freed[to] || inbox_closed[to] -> answer(reply)
        :: else ->
            if
#ifdef MUTANT_RETIRE_UNRESERVED
            :: len(inbox[to]) >= ORDER_SLOTS -> answer(reply)
#else
            :: what != RETIRE && len(inbox[to]) >= ORDER_SLOTS -> answer(reply) /* "busy" */
#endif
            :: else ->
                assert(nfull(inbox[to]));
                inbox[to]!ORDER, what, reply;
                posted[to]++;
                if
                :: what != START -> stop_posted[to] = true
                :: else
                fi
            fi
        fi
    }
}

inline take_request(to, what)
{
    if
    :: what == REMOVE && !retires[to] -> retires[to] = true; post(to, RETIRE, true)
    :: what == REMOVE && retires[to] -> answer(true)
    :: what != REMOVE -> post(to, what, true)
    fi
}

inline take_gone(n)
{
#ifndef MUTANT_NOT_JOINED
    (thread_ended[n]); /* monitor_join() */
#endif
    atomic {
        freed[n] = true;
        alive--;
        stop_posted[n] = false;
        assert(seen[n] == standing[n]) /* no change has gone by unseen */
    }
}

inline take_changed(n)
{
#ifdef MUTANT_HEARD_LATE
    seen[n] = standing[n];
    told[n] = false
#else
    atomic { told[n] = false; looking[n] = true }
    atomic { seen[n] = standing[n]; looking[n] = false }
#endif
}

/* manager_sweep(): the grace of a stop that was posted has passed. */
#ifdef MUTANT_UNSTUCK_ONCE
#define SWEEP(n) stop_posted[n] -> unstick(n); stop_posted[n] = false
#else
#define SWEEP(n) stop_posted[n] && (posted[n] == taken[n] || (door[n] == DOOR_OPEN && !unstuck[n])) -> \
        unstick(n); stop_posted[n] = (posted[n] != taken[n])
#endif

proctype manager()
{
    bool shutting_down, retires[N], stop_posted[N];
    byte alive = N, n;
    mtype kind, what;
    do
    :: shutting_down && alive == 0 -> break
    :: !(shutting_down && alive == 0) ->
        if
        :: atomic { manager_inbox?kind, n, what } ->
            if
            :: kind == REQUEST -> take_request(n, what)
            :: kind == CHANGED -> take_changed(n)
            :: kind == GONE -> take_gone(n)
            :: kind == SHUTDOWN ->
                shutting_down = true;
                for (n : 0 .. N - 1) {
                    if
                    :: !retires[n] -> retires[n] = true; post(n, RETIRE, false)
                    :: else
                    fi
                }
            :: kind == KILL ->
                for (n : 0 .. N - 1) {
                    if
                    :: !freed[n] ->
                        unstick(n);
                        send_note(n, KILL, NOTHING, false)
                    :: else
                    fi
                }
            fi;
            atomic { n = 0; kind = ORDER; what = NOTHING }
        :: atomic { empty(manager_inbox) && SWEEP(0) }
#if N > 1
        :: atomic { empty(manager_inbox) && SWEEP(1) }
#endif
        fi
    od;
    manager_closed = true;
    do
    :: atomic { manager_inbox?kind, n, what ->
           if
           :: kind == REQUEST -> answered++
           :: else
           fi }
    :: empty(manager_inbox) -> break
    od;
    atomic { n = 0; kind = ORDER; what = NOTHING }
    manager_ended = true
}

/* ---- the pump, a front, children ---- */

proctype pump()
{
end:
    do
    :: atomic { pump_asked[0] -> pump_asked[0] = false; send_note(0, DRAINED, NOTHING, false) }
#if N > 1
    :: atomic { pump_asked[1] -> pump_asked[1] = false; send_note(1, DRAINED, NOTHING, false) }
#endif
    od
}

inline request(to, what)
{
    atomic {
        if
        :: manager_closed
        :: else ->
            assert(nfull(manager_inbox));
            owed++;
            manager_inbox!REQUEST, to, what
        fi
    }
}

proctype front()
{
    byte n = REQUESTS, to;
    mtype what = NOTHING;
    do
    :: n > 0 ->
        n--;
        if
        :: what = START
        :: what = STOP
        :: what = REMOVE
        fi;
        if
        :: to = 0
#if N > 1
        :: to = 1
#endif
        fi;
        request(to, what);
        atomic { to = 0; what = NOTHING }
    :: else -> break
    od;
    (answered == owed); /* every request has its answer */
    front_ended = true
}

#define ENDS(n) proc[n] == ALIVE && !stubborn[n] -> proc[n] = ZOMBIE
#ifdef MEMBERS
#define FORKS(n) proc[n] == ALIVE && !member[n] -> member[n] = true; \
        if :: member_stubborn[n] = true :: member_stubborn[n] = false fi
#define MEMBER_ENDS(n) member[n] && !member_stubborn[n] -> member[n] = false
#else
#define FORKS(n) false
#define MEMBER_ENDS(n) false
#endif

proctype children()
{
end:
    do
    :: atomic { ENDS(0) }
    :: atomic { FORKS(0) }
    :: atomic { MEMBER_ENDS(0) }
#if N > 1
    :: atomic { ENDS(1) }
    :: atomic { FORKS(1) }
    :: atomic { MEMBER_ENDS(1) }
#endif
    od
}

init
{
    byte i;
    atomic {
        run supervisor();
        run manager();
        run watcher();
        run pump();
        run front();
        run children();
        for (i : 0 .. N - 1) {
            run monitor(i)
        }
    }
}

#ifdef LIVENESS
/* Whatever the children do, it comes to its end, and until then no zombie stays one. */
ltl lives { (<> all_ended) && ([] ((proc[0] == ZOMBIE) -> (<> (proc[0] != ZOMBIE)))) }
#endif
