/* test_reaper.c - what is answered without asking main; the rest has real trees in
 * tests/flow/test_9_tree.py. */
#include "reaper.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(reaper, .timeout = 60);

/* A leader that has just ended, as seen by its monitor: a thread that is not main. */
struct scene {
    struct reaper *reaper;
    struct reaper_question question;
    bool kill_first;
    bool nobody;
    bool kill_is_requested;
};

static bool has_requests(const struct reaper *reaper)
{
    return poll(&(struct pollfd){ .fd = reaper_fd(reaper), .events = POLLIN }, 1, 0) == 1;
}

static void no_answer(void *arg, bool empty)
{
    (void)arg;
    (void)empty;
}

static void *monitor(void *arg)
{
    struct scene *scene = arg;
    pid_t leader = fork();
    if (leader == 0)
        _exit(0);
    waitid(P_PID, (id_t)leader, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
    reaper_track(&scene->question, leader, "mark", no_answer, NULL);
    if (scene->kill_first)
        reaper_kill(scene->reaper, &scene->question);
    scene->nobody = reaper_ask_nobody(scene->reaper, &scene->question);
    reaper_kill(scene->reaper, &scene->question);
    reaper_signal(scene->reaper, &scene->question, SIGTERM);
    scene->kill_is_requested = has_requests(scene->reaper);
    waitpid(leader, NULL, 0);
    return NULL;
}

static void play(struct scene *scene)
{
    if (access("/proc/thread-self/children", R_OK) < 0)
        cr_skip_test("the kernel lists no children");
    cr_assert_eq(reaper_new(NULL, &scene->reaper), 0);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, monitor, scene), 0);
    pthread_join(thread, NULL);
    reaper_free(scene->reaper);
}

Test(reaper, after_the_answer_that_nobody_is_left_no_request_is_taken)
{
    struct scene scene = { .kill_first = false };
    play(&scene);
    cr_assert(scene.nobody);
    cr_assert_not(scene.kill_is_requested, "the asker is gone when main looks");
}

Test(reaper, a_question_that_main_may_know_is_mains_to_answer)
{
    struct scene scene = { .kill_first = true };
    play(&scene);
    cr_assert_not(scene.nobody);
    cr_assert(scene.kill_is_requested);
}

Test(reaper, where_main_has_a_child_it_has_to_look)
{
    pid_t adopted = fork();
    if (adopted == 0) {
        pause();
        _exit(0);
    }
    struct scene scene = { .kill_first = false };
    play(&scene);
    kill(adopted, SIGKILL);
    waitpid(adopted, NULL, 0);
    cr_assert_not(scene.nobody);
    cr_assert(scene.kill_is_requested);
}
