/*
 * test_making.c - many at once make no more than one after the other.
 * links: making userlock reason span
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "making.h"

#define BOUND 8
#define MANY 60

static char dir[] = "/tmp/test_making.XXXXXX";
static const struct caller alice = { .owner_uid = 1001 };
static const struct caller bob = { .owner_uid = 1002 };
static atomic_int made[2];		/* what dockerd would list */
static atomic_bool broken;

static void
rest(long ms)
{
	const struct timespec t = { 0, ms * 1000000 };

	(void)nanosleep(&t, NULL);
}

enum reason
owner_count(struct engine *e, const struct caller *c, enum object kind,
    int64_t *n, struct refusal *why)
{
	(void)e, (void)c;
	if (atomic_load(&broken))
		return refuse(why, R_ENGINE_DOWN, "gone");
	*n = atomic_load(&made[kind == OBJ_NETWORK]);
	rest(1);
	return R_NONE;
}

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	making_dir(dir);
	return 0;
}

static int
teardown(void **state)
{
	char cmd[64];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static int
nothing_made(void **state)
{
	(void)state;
	atomic_store(&made[0], 0);
	atomic_store(&made[1], 0);
	return 0;
}

static enum reason
begin(struct making *m, const struct caller *c, enum object kind,
    int64_t bound)
{
	struct refusal why;

	return making_begin(m, &(struct making_ask){ .as = c, .kind = kind,
	    .bound = bound }, &why);
}

static void *
make_one(void *arg)
{
	const enum object *kind = arg;
	struct making m = { 0 };
	enum reason r = begin(&m, &alice, *kind, BOUND);

	if (r == R_NONE) {
		rest(2);	/* dockerd's work */
		atomic_fetch_add(&made[*kind == OBJ_NETWORK], 1);
	}
	making_end(&m);
	return r == R_NONE ? arg : NULL;
}

/* All that there is room for are made, and not one more. */
static void
many_at_once(void **state)
{
	static enum object kinds[2] = { OBJ_CONTAINER, OBJ_NETWORK };
	pthread_t t[2 * MANY];

	(void)state;
	for (size_t i = 0; i < 2 * MANY; i++)
		assert_int_equal(pthread_create(&t[i], NULL, make_one,
		    &kinds[i % 2]), 0);
	for (size_t i = 0; i < 2 * MANY; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(atomic_load(&made[0]), BOUND);
	assert_int_equal(atomic_load(&made[1]), BOUND);
}

/* Far from the bound nobody waits: as many as there is room for are under
 * way at once, each user's and each kind's for itself. */
static void
room_for_all(void **state)
{
	struct making m[BOUND] = { 0 }, net = { 0 }, bobs = { 0 };

	(void)state;
	for (size_t i = 0; i < BOUND; i++)
		assert_int_equal(begin(&m[i], &alice, OBJ_CONTAINER, BOUND),
		    R_NONE);
	assert_int_equal(begin(&net, &alice, OBJ_NETWORK, 1), R_NONE);
	assert_int_equal(begin(&bobs, &bob, OBJ_CONTAINER, 1), R_NONE);
	for (size_t i = 0; i < BOUND; i++)
		making_end(&m[i]);
	making_end(&net);
	making_end(&bobs);
}

static void *
end_soon(void *arg)
{
	rest(50);
	making_end(arg);
	return NULL;
}

/* Near the bound it waits until it is known what became of the other. */
static void
waits_for_the_last(void **state)
{
	struct making first = { 0 }, second = { 0 };
	pthread_t t;

	(void)state;
	atomic_store(&made[0], BOUND - 1);
	assert_int_equal(begin(&first, &alice, OBJ_CONTAINER, BOUND), R_NONE);
	assert_int_equal(pthread_create(&t, NULL, end_soon, &first), 0);
	assert_int_equal(begin(&second, &alice, OBJ_CONTAINER, BOUND), R_NONE);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_false(first.open);
	making_end(&second);
	atomic_store(&made[0], BOUND);
	assert_int_equal(begin(&first, &alice, OBJ_CONTAINER, BOUND),
	    R_RESOURCE);
	assert_false(first.open);
}

static pid_t holder;
static atomic_bool killed;

static void *
kill_soon(void *arg)
{
	rest(50);
	atomic_store(&killed, true);
	kill(holder, SIGKILL);
	return arg;
}

/* A gate that ends, however that is, gives back its places. */
static void
a_killed_gate_keeps_nothing(void **state)
{
	struct making m = { 0 };
	int ready[2];
	char ok = 0;
	pthread_t t;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	if ((holder = fork()) == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		ok = begin(&m, &alice, OBJ_CONTAINER, 1) == R_NONE;
		(void)!write(ready[1], &ok, 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &ok, 1), 1);
	assert_true(ok);
	assert_int_equal(pthread_create(&t, NULL, kill_soon, NULL), 0);
	assert_int_equal(begin(&m, &alice, OBJ_CONTAINER, 1), R_NONE);
	assert_true(atomic_load(&killed));
	making_end(&m);
	assert_int_equal(pthread_join(t, NULL), 0);
	waitpid(holder, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

/* What cannot be told is refused, and keeps no place. */
static void
no_answer(void **state)
{
	struct making m = { 0 };

	(void)state;
	atomic_store(&broken, true);
	assert_int_equal(begin(&m, &alice, OBJ_NETWORK, BOUND), R_ENGINE_DOWN);
	assert_false(m.open);
	atomic_store(&broken, false);
	making_dir("/nonexistent/making");
	assert_int_equal(begin(&m, &alice, OBJ_NETWORK, BOUND), R_INTERNAL);
	assert_false(m.open);
	making_dir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(many_at_once, nothing_made),
		cmocka_unit_test_setup(room_for_all, nothing_made),
		cmocka_unit_test_setup(waits_for_the_last, nothing_made),
		cmocka_unit_test_setup(a_killed_gate_keeps_nothing,
		    nothing_made),
		cmocka_unit_test_setup(no_answer, nothing_made),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
