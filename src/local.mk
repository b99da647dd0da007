# One convenience library per floor: a program, test or fuzzer links the very
# objects that the daemon runs, and no floor above its own.
noinst_LIBRARIES = src/libbase.a src/libos.a src/libhttp.a src/libserver.a \
	src/libclient.a src/libload.a

src_libbase_a_SOURCES = \
	src/base/clock.c src/base/clock.h \
	src/base/compiler.h \
	src/base/histogram.c src/base/histogram.h \
	src/base/list.h \
	src/base/log.c src/base/log.h \
	src/base/natural.c src/base/natural.h \
	src/base/slice.c src/base/slice.h \
	src/base/text.c src/base/text.h \
	src/base/units.c src/base/units.h \
	src/base/upper.c src/base/upper.h

src_libos_a_SOURCES = \
	src/os/address.c src/os/address.h \
	src/os/datagram.c src/os/datagram.h \
	src/os/docroot.c src/os/docroot.h \
	src/os/draft.c src/os/draft.h \
	src/os/icmp.c src/os/icmp.h \
	src/os/process.c src/os/process.h \
	src/os/socket.c src/os/socket.h

src_libhttp_a_SOURCES = \
	src/http/answer.c src/http/answer.h \
	src/http/chunk.c src/http/chunk.h \
	src/http/coding.c src/http/coding.h \
	src/http/condition.c src/http/condition.h \
	src/http/date.c src/http/date.h \
	src/http/etag.c src/http/etag.h \
	src/http/head.c src/http/head.h \
	src/http/host.c src/http/host.h \
	src/http/listing.c src/http/listing.h \
	src/http/logline.c src/http/logline.h \
	src/http/media.c src/http/media.h \
	src/http/page.c src/http/page.h \
	src/http/range.c src/http/range.h \
	src/http/request.c src/http/request.h \
	src/http/status.c src/http/status.h \
	src/http/syntax.c src/http/syntax.h \
	src/http/target.c src/http/target.h

src_libserver_a_SOURCES = \
	src/server/account.c src/server/account.h \
	src/server/accesslog.c src/server/accesslog.h \
	src/server/body.c src/server/body.h \
	src/server/bucket.c src/server/bucket.h \
	src/server/cache.c src/server/cache.h \
	src/server/config.c src/server/config.h \
	src/server/conn.c src/server/conn.h \
	src/server/counters.c src/server/counters.h \
	src/server/deadline.c src/server/deadline.h \
	src/server/gather.c src/server/gather.h \
	src/server/listing.c src/server/listing.h \
	src/server/listener.c src/server/listener.h \
	src/server/loop.c src/server/loop.h \
	src/server/server.c src/server/server.h \
	src/server/site.c src/server/site.h \
	src/server/tcp.c src/server/tcp.h \
	src/server/trace.c src/server/trace.h \
	src/server/udp.c src/server/udp.h \
	src/server/web.c src/server/web.h

src_libclient_a_SOURCES = \
	src/client/advice.c src/client/advice.h \
	src/client/answers.c src/client/answers.h \
	src/client/client.c src/client/client.h \
	src/client/dial.c src/client/dial.h \
	src/client/lines.c src/client/lines.h \
	src/client/options.c src/client/options.h \
	src/client/output.c src/client/output.h \
	src/client/pump.c src/client/pump.h \
	src/client/report.c src/client/report.h \
	src/client/status.h \
	src/client/tcp.c src/client/tcp.h \
	src/client/udp.c src/client/udp.h \
	src/client/visible.c src/client/visible.h \
	src/client/wait.c src/client/wait.h

src_libload_a_SOURCES = \
	src/load/amount.c src/load/amount.h \
	src/load/batch.c src/load/batch.h \
	src/load/chart.c src/load/chart.h \
	src/load/client.c src/load/client.h \
	src/load/compare.c src/load/compare.h \
	src/load/condense.c src/load/condense.h \
	src/load/condition.c src/load/condition.h \
	src/load/crew.c src/load/crew.h \
	src/load/engine.h \
	src/load/error.c src/load/error.h \
	src/load/fields.c src/load/fields.h \
	src/load/figure.c src/load/figure.h \
	src/load/http.c src/load/http.h \
	src/load/job.c src/load/job.h \
	src/load/live.c src/load/live.h \
	src/load/load.c src/load/load.h \
	src/load/message.c src/load/message.h \
	src/load/meter.c src/load/meter.h \
	src/load/missing.c src/load/missing.h \
	src/load/monitor.c src/load/monitor.h \
	src/load/options.c src/load/options.h \
	src/load/plan.h \
	src/load/plot.c src/load/plot.h \
	src/load/probe.c src/load/probe.h \
	src/load/reply.c src/load/reply.h \
	src/load/report.c src/load/report.h \
	src/load/result.c src/load/result.h \
	src/load/run.c src/load/run.h \
	src/load/scale.c src/load/scale.h \
	src/load/search.c src/load/search.h \
	src/load/silence.c src/load/silence.h \
	src/load/sink.c src/load/sink.h \
	src/load/stats.c src/load/stats.h \
	src/load/stream.c src/load/stream.h \
	src/load/table.c src/load/table.h \
	src/load/tally.c src/load/tally.h \
	src/load/tcp.c src/load/tcp.h \
	src/load/udp.c src/load/udp.h \
	src/load/verdict.c src/load/verdict.h \
	src/load/worker.c src/load/worker.h

# Nobody needs root to run it, so it goes where everybody's PATH leads.
bin_PROGRAMS = src/uppercase-client src/uppercase-load src/uppercase-server
src_uppercase_server_SOURCES = src/server/main.c
src_uppercase_server_LDADD = src/libserver.a src/libhttp.a src/libos.a \
	src/libbase.a $(LIBEVENT_LIBS) $(XXHASH_LIBS)

src_uppercase_client_SOURCES = src/client/main.c
src_uppercase_client_LDADD = src/libclient.a src/libos.a src/libbase.a
src_uppercase_load_SOURCES = src/load/main.c
src_uppercase_load_LDADD = src/libload.a src/libhttp.a src/libos.a \
	src/libbase.a \
	$(LIBEVENT_LIBS) $(JANSSON_LIBS) -lm

dist_man_MANS = src/uppercase-server.8 src/uppercase-client.1 \
	src/uppercase-load.1
