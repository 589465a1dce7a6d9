# ds01-docker: build, install, check.  "make help" lists the targets.

PREFIX      = /usr
SYSCONFDIR  = /etc
RUNDIR      = /run/ds01-docker
STATEDIR    = /var/lib/ds01
LOGDIR      = /var/log/ds01
SERVICE_USER = ds01-docker
CLI         = /usr/bin/docker
BINDIR      = $(PREFIX)/bin
SBINDIR     = $(PREFIX)/sbin
LIBEXECDIR  = $(PREFIX)/libexec
MANDIR      = $(PREFIX)/share/man
DOCDIR      = $(PREFIX)/share/doc/ds01-docker
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
LOGROTATEDIR = $(SYSCONFDIR)/logrotate.d
DESTDIR     =
BINMODE     = 4755
INSTALL     = install

BUILD  = build
CC     = gcc
VERSION = 0.1.0

# CFLAGS from outside are kept; what the program needs stands beside them.
CFLAGS  ?= -O2 -g
WARN     = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wformat=2 -Wundef -Wpointer-arith \
	   -Wcast-qual -Wwrite-strings -Wvla -Wimplicit-fallthrough
HARDEN   = -fPIE -fstack-protector-strong -fstack-clash-protection \
	   -D_FORTIFY_SOURCE=2 $(CET)
LDHARDEN = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
# Control-flow enforcement exists on x86 only; ask the compiler.
CET     := $(shell echo 'int x;' | $(CC) -fcf-protection -xc -c -o /dev/null - \
	     2>/dev/null && echo -fcf-protection)
WERROR   =
DEFS     = -D_GNU_SOURCE \
	   -DDS01_VERSION='"$(VERSION)"' \
	   -DDS01_BIN='"$(BINDIR)/ds01-docker"' \
	   -DDS01_GATE='"$(LIBEXECDIR)/ds01-docker/gate"' \
	   -DDS01_RUN_DIR='"$(RUNDIR)"' \
	   -DDS01_CONFIG='"$(SYSCONFDIR)/ds01/docker.yaml"' \
	   -DDS01_STATE_DIR='"$(STATEDIR)"' \
	   -DDS01_LOG_DIR='"$(LOGDIR)"' \
	   -DDS01_SERVICE_USER='"$(SERVICE_USER)"' \
	   -DDS01_CLI='"$(CLI)"'
SAN      =
ALL_CFLAGS = -std=gnu11 $(CFLAGS) $(WARN) $(WERROR) $(HARDEN) $(SAN) $(DEFS) \
	   -Iinclude -pthread

# Rooms of each program.  The launcher is setuid: libc and libcap-ng only.
LAUNCHER = launcher cmdline context ask drop start start_explain start_sweep \
	   spawn cgroup probe
CTL      = $(basename $(notdir $(wildcard src/ctl*.c)))
SHARED   = span buf reason log config config_keys config_value config_print
GATE     = $(filter-out $(LAUNCHER) $(CTL),$(basename $(notdir $(wildcard src/*.c)))) \
	   probe
CTL_ROOMS = $(CTL) $(filter $(SHARED) identity cache json json_check json_walk,$(GATE))
LAUNCHER_LIBS = -lcap-ng
GATE_LIBS = -laudit -lcjson -lyaml -lseccomp -lnghttp2 -lz -lm
CTL_LIBS  = -lcurl -lyaml -lcjson -lm

obj = $(patsubst %,$(BUILD)/obj/%.o,$(1))
PROGRAMS = $(BUILD)/ds01-docker $(BUILD)/gate $(BUILD)/ds01-dockerctl

all: $(PROGRAMS)

$(BUILD)/ds01-docker: $(call obj,$(LAUNCHER))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(LAUNCHER_LIBS)
$(BUILD)/gate: $(call obj,$(sort $(GATE)))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(GATE_LIBS)
$(BUILD)/ds01-dockerctl: $(call obj,$(sort $(CTL_ROOMS)))
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(CTL_LIBS)

# A changed path or flag rebuilds everything: the paths are compiled in.
$(BUILD)/flags: FORCE
	@mkdir -p $(BUILD)/obj
	@echo '$(CC) $(subst ','\'',$(ALL_CFLAGS))' | cmp -s - $@ || \
	    echo '$(CC) $(subst ','\'',$(ALL_CFLAGS))' >$@
$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
-include $(wildcard $(BUILD)/obj/*.d)
FORCE:

# --- tests -----------------------------------------------------------------

# A unit test names the rooms it links in a line "links: a b c"; rooms it
# fakes are simply not named.
UNIT = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_LIBS = -lcmocka -lcap-ng $(GATE_LIBS)
unit: $(UNIT)
$(BUILD)/unit/%: tests/unit/%.c $(wildcard src/*.c include/*) $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Itests/unit -o $@ $< \
	    $$(sed -n 's/^.*links: *\([a-z0-9_ ]*\).*$$/\1/p' $< | tr ' ' '\n' | \
	    sed -n 's,^..*$$,src/&.c,p') $(UNIT_LIBS)

check:
	sh tests/check.sh
check-unit: unit
	CMOCKA_MESSAGE_OUTPUT=TAP prove --exec '' $(UNIT)
demo:
	sh tests/demo.sh
bench: all
	sh tests/bench/bench.sh
# The unit tests again, under the address and undefined-behaviour sanitizers.
asan:
	$(MAKE) BUILD=$(BUILD)/asan SAN='-fsanitize=address,undefined -fno-sanitize-recover=all' check-unit

FUZZ = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS = 60
# Replays the committed corpora with the ordinary compiler.
fuzz-replay: $(BUILD)/flags
	@mkdir -p $(BUILD)/fuzz
	@for f in $(FUZZ); do \
	    $(CC) $(ALL_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all \
	    -o $(BUILD)/fuzz/$$f.replay tests/fuzz/$$f.c tests/fuzz/replay_main.c \
	    $$(sed -n 's/^.*links: *\([a-z0-9_ ]*\).*$$/\1/p' tests/fuzz/$$f.c | tr ' ' '\n' | sed -n 's,^..*$$,src/&.c,p') \
	    $(GATE_LIBS) && \
	    $(BUILD)/fuzz/$$f.replay tests/fuzz/corpus/$${f#fuzz_}/* || exit 1; done
fuzz: $(BUILD)/flags
	@mkdir -p $(BUILD)/fuzz
	@for f in $(FUZZ); do \
	    clang -g -O1 -fsanitize=fuzzer,address,undefined $(DEFS) -Iinclude \
	    -o $(BUILD)/fuzz/$$f tests/fuzz/$$f.c \
	    $$(sed -n 's/^.*links: *\([a-z0-9_ ]*\).*$$/\1/p' tests/fuzz/$$f.c | tr ' ' '\n' | sed -n 's,^..*$$,src/&.c,p') \
	    $(GATE_LIBS) && mkdir -p $(BUILD)/fuzz/found/$$f && \
	    $(BUILD)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=0 \
	    -artifact_prefix=$(BUILD)/fuzz/ \
	    $(BUILD)/fuzz/found/$$f tests/fuzz/corpus/$${f#fuzz_} || exit 1; done

# Both compilers with warnings as errors, the static checker, the man pages.
# POSIX has NULL a pointer, so it may end a list of arguments.
lint:
	$(MAKE) BUILD=$(BUILD)/gcc CC=gcc WERROR=-Werror all
	$(MAKE) BUILD=$(BUILD)/clang CC=clang WERROR=-Werror all
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,portability \
	    --inline-suppr --suppress=missingIncludeSystem \
	    --suppress=varFuncNullUB -Iinclude -D_GNU_SOURCE src
	mandoc -Tlint -Wwarning man/*.[158]

# --- install -----------------------------------------------------------------

# Owners and the setuid bit can only be given by root; a packager's DESTDIR
# install as an ordinary user leaves them to the package.
install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(SBINDIR) \
	    $(DESTDIR)$(LIBEXECDIR)/ds01-docker $(DESTDIR)$(SYSCONFDIR)/ds01 \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(DOCDIR) \
	    $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR) \
	    $(DESTDIR)$(LOGROTATEDIR)
	$(INSTALL) -m $(BINMODE) $(BUILD)/ds01-docker $(DESTDIR)$(BINDIR)/ds01-docker
	ln -sf ds01-docker $(DESTDIR)$(BINDIR)/ds01-docker-session
	$(INSTALL) -m 0750 $(BUILD)/gate $(DESTDIR)$(LIBEXECDIR)/ds01-docker/gate
	$(INSTALL) -m 0755 $(BUILD)/ds01-dockerctl $(DESTDIR)$(SBINDIR)/ds01-dockerctl
	$(INSTALL) -m 0644 man/*.1 $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 0644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	$(INSTALL) -m 0644 man/*.8 $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 0644 packaging/docker.yaml $(DESTDIR)$(DOCDIR)/docker.yaml
	$(INSTALL) -m 0644 packaging/sysusers.d/ds01-docker.conf $(DESTDIR)$(SYSUSERSDIR)
	sed -e 's,/run/ds01-docker,$(RUNDIR),' -e 's,/var/lib/ds01,$(STATEDIR),' \
	    -e 's,/var/log/ds01,$(LOGDIR),' packaging/tmpfiles.d/ds01-docker.conf \
	    >$(DESTDIR)$(TMPFILESDIR)/ds01-docker.conf
	sed -e 's,/var/log/ds01,$(LOGDIR),' -e 's, 0640 [^ ]*, 0640 $(SERVICE_USER),' \
	    packaging/logrotate.d/ds01-docker \
	    >$(DESTDIR)$(LOGROTATEDIR)/ds01-docker
	chmod 0644 $(DESTDIR)$(LOGROTATEDIR)/ds01-docker
	@if [ "$$(id -u)" = 0 ] && getent group $(SERVICE_USER) >/dev/null; then \
	    chown root:$(SERVICE_USER) $(DESTDIR)$(LIBEXECDIR)/ds01-docker/gate; \
	else echo "note: group $(SERVICE_USER) is not there yet: create it" \
	    "(packaging/sysusers.d), then chown root:$(SERVICE_USER)" \
	    "$(LIBEXECDIR)/ds01-docker/gate"; fi
	@if [ "$$(id -u)" != 0 ]; then echo "note: not root: the package must make" \
	    "$(BINDIR)/ds01-docker root:root, mode $(BINMODE)"; fi

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/ds01-docker $(DESTDIR)$(BINDIR)/ds01-docker-session \
	    $(DESTDIR)$(SBINDIR)/ds01-dockerctl \
	    $(DESTDIR)$(LIBEXECDIR)/ds01-docker/gate \
	    $(DESTDIR)$(DOCDIR)/docker.yaml \
	    $(DESTDIR)$(SYSUSERSDIR)/ds01-docker.conf \
	    $(DESTDIR)$(TMPFILESDIR)/ds01-docker.conf \
	    $(DESTDIR)$(LOGROTATEDIR)/ds01-docker \
	    $(patsubst man/%,$(DESTDIR)$(MANDIR)/man?/%,$(wildcard man/*.[158]))
	-rmdir $(DESTDIR)$(LIBEXECDIR)/ds01-docker $(DESTDIR)$(DOCDIR)

# The SELinux module; needs selinux-policy-dev.
selinux:
	$(MAKE) -C selinux -f /usr/share/selinux/devel/Makefile ds01_docker.pp

clean:
	rm -rf $(BUILD)

help:
	@echo 'all install uninstall clean    DESTDIR PREFIX SYSCONFDIR RUNDIR STATEDIR LOGDIR'
	@echo 'check       everything: packages, build, real engines, users, auditd (root)'
	@echo 'check-unit  unit tests only'
	@echo 'demo        two users and an admin on a real engine (root)'
	@echo 'bench       ratios against the bare CLI and the bare socket (root)'
	@echo 'asan        unit tests under sanitizers'
	@echo 'fuzz        each fuzzer for FUZZ_SECONDS; fuzz-replay: the corpora'
	@echo 'lint        gcc and clang -Werror, cppcheck, mandoc'
	@echo 'selinux     compile the SELinux module'

.PHONY: all unit check check-unit demo bench asan fuzz fuzz-replay lint \
	install uninstall selinux clean help FORCE
