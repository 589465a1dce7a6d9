/*
 * ctl_engine.c - asks the engine over its unix socket.
 *
 * The one room that includes curl.h.  libcurl is used here only, never in a
 * program with rights of its own: it brings thirty libraries with it and
 * reads the environment (libcurl-security(3)).
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl.h"

#define ANSWER_MAX ((size_t)4 << 20)	/* bytes */
#define TIMEOUT_MS 5000L

static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	if (body->len + size * n > ANSWER_MAX)
		return 0;
	return buf_add(body, data, size * n) == 0 ? size * n : 0;
}

static int
set_cloexec(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)purpose;
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK :
	    CURL_SOCKOPT_ERROR;
}

static bool
prepare(CURL *c, const char *socket, const char *url, struct buf *body)
{
	bool ok = true;

#define SET(option, value) \
	ok = ok && curl_easy_setopt(c, option, value) == CURLE_OK
	SET(CURLOPT_UNIX_SOCKET_PATH, socket);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	SET(CURLOPT_SOCKOPTFUNCTION, set_cloexec);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, body);
#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "http");
#else
	SET(CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTP);
#endif
#undef SET
	return ok;
}

int
ctl_engine_get(const char *socket, const char *path, struct buf *body,
    char *err, size_t err_cap)
{
	char url[256];
	long status = -1;
	CURL *c = NULL;

	snprintf(err, err_cap, "libcurl cannot be used");
	if (snprintf(url, sizeof(url), "http://localhost%s", path) >=
	    (int)sizeof(url))
		return -1;
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		return -1;
	if ((c = curl_easy_init()) != NULL && prepare(c, socket, url, body)) {
		CURLcode rc = curl_easy_perform(c);
		if (rc == CURLE_OK)
			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		else
			snprintf(err, err_cap, "%s", curl_easy_strerror(rc));
	}
	if (c != NULL)
		curl_easy_cleanup(c);
	curl_global_cleanup();
	return (int)status;
}
