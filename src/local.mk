# One convenience library per floor: a program, test or fuzzer links the very
# objects that the daemon runs, and no floor above its own.
noinst_LIBRARIES = src/libbase.a src/libos.a src/libhttp.a src/libcli.a \
	src/libloop.a src/libweb.a src/libserver.a src/libclient.a src/libresult.a src/libload.a

src_libbase_a_SOURCES = \
	src/base/calendar.c src/base/calendar.h \
	src/base/clock.c src/base/clock.h \
	src/base/compiler.h \
	src/base/fault.c src/base/fault.h \
	src/base/fault_rule.c \
	src/base/histogram.c src/base/histogram.h \
	src/base/list.h \
	src/base/log.c src/base/log.h \
	src/base/message.c src/base/message.h \
	src/base/natural.c src/base/natural.h \
	src/base/proxy_header.c src/base/proxy_header.h \
	src/base/recent.c src/base/recent.h \
	src/base/room.c src/base/room.h \
	src/base/slice.c src/base/slice.h \
	src/base/text.c src/base/text.h \
	src/base/units.c src/base/units.h \
	src/base/upper.c src/base/upper.h

src_libos_a_SOURCES = \
	src/os/address.c src/os/address.h \
	src/os/arrival.c src/os/arrival.h \
	src/os/callfilter.c src/os/callfilter.h \
	src/os/datagram.c src/os/datagram.h \
	src/os/detach.c src/os/detach.h \
	src/os/docroot.c src/os/docroot.h \
	src/os/draft.c src/os/draft.h \
	src/os/holder.c src/os/holder.h \
	src/os/icmp.c src/os/icmp.h \
	src/os/interface.c src/os/interface.h \
	src/os/network.c src/os/network.h \
	src/os/keeper.c src/os/keeper.h \
	src/os/pidfile.c src/os/pidfile.h \
	src/os/privileges.c src/os/privileges.h \
	src/os/process.c src/os/process.h \
	src/os/sandbox.c src/os/sandbox.h \
	src/os/socket.c src/os/socket.h \
	src/os/supervisor.c src/os/supervisor.h \
	src/os/usage.c src/os/usage.h \
	src/os/wait.c src/os/wait.h

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
	src/http/response.c src/http/response.h \
	src/http/status.c src/http/status.h \
	src/http/syntax.c src/http/syntax.h \
	src/http/target.c src/http/target.h

src_libcli_a_SOURCES = \
	src/cli/advice.c src/cli/advice.h \
	src/cli/arguments.c src/cli/arguments.h \
	src/cli/config_file.c src/cli/config_file.h \
	src/cli/dial.c src/cli/dial.h \
	src/cli/failure.c src/cli/failure.h \
	src/cli/settings.c src/cli/settings.h

src_libloop_a_SOURCES = \
	src/loop/access.c src/loop/access.h \
	src/loop/account.c src/loop/account.h \
	src/loop/bucket.c src/loop/bucket.h \
	src/loop/conn.c src/loop/conn.h \
	src/loop/connlog.c src/loop/connlog.h \
	src/loop/counters.c src/loop/counters.h \
	src/loop/deadline.c src/loop/deadline.h \
	src/loop/faults.c src/loop/faults.h \
	src/loop/gate.c src/loop/gate.h \
	src/loop/limits.c src/loop/limits.h \
	src/loop/listener.c src/loop/listener.h \
	src/loop/loop.c src/loop/loop.h \
	src/loop/refusal.c src/loop/refusal.h \
	src/loop/roll.c src/loop/roll.h \
	src/loop/shape.c src/loop/shape.h \
	src/loop/spool.c src/loop/spool.h

src_libweb_a_SOURCES = \
	src/web/body.c src/web/body.h \
	src/web/cache.c src/web/cache.h \
	src/web/content.c src/web/content.h \
	src/web/facts.c src/web/facts.h \
	src/web/folder.c src/web/folder.h \
	src/web/freshness.c src/web/freshness.h \
	src/web/gather.c src/web/gather.h \
	src/web/outcomes.c src/web/outcomes.h \
	src/web/spoil.c src/web/spoil.h \
	src/web/site.c src/web/site.h \
	src/web/trace.c src/web/trace.h \
	src/web/web.c src/web/web.h

src_libserver_a_SOURCES = \
	src/server/activation.c src/server/activation.h \
	src/server/admin.c src/server/admin.h \
	src/server/allowance.c src/server/allowance.h \
	src/server/assets.h \
	src/server/binding.c src/server/binding.h \
	src/server/config.c src/server/config.h \
	src/server/confinement.c src/server/confinement.h \
	src/server/dashboard.c src/server/dashboard.h \
	src/server/endpoint.c src/server/endpoint.h \
	src/server/history.c src/server/history.h \
	src/server/messages.c src/server/messages.h \
	src/server/metrics.c src/server/metrics.h \
	src/server/peers.c src/server/peers.h \
	src/server/readings.c src/server/readings.h \
	src/server/server.c src/server/server.h \
	src/server/snapshot.h \
	src/server/state_json.c src/server/state_json.h \
	src/server/sockets.c src/server/sockets.h \
	src/server/tcp_service.c src/server/tcp_service.h \
	src/server/udp_faults.c src/server/udp_faults.h \
	src/server/udp_log.c src/server/udp_log.h \
	src/server/udp_service.c src/server/udp_service.h \
	src/server/webroot.c src/server/webroot.h

nodist_src_libserver_a_SOURCES = src/server/assets.c
asset_files = src/server/dashboard.css src/server/dashboard.js
EXTRA_DIST += $(asset_files)
CLEANFILES += src/server/assets.c

# The live page's fixed parts, each line a string.
src/server/assets.c: $(asset_files)
	$(AM_V_GEN)$(MKDIR_P) src/server && { \
	echo '/* clang-format off */'; \
	echo '#include "server/assets.h"'; \
	for asset in style:css script:js; do \
		echo "const char *assets_$${asset%%:*}(void) { return"; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' \
			"$(srcdir)/src/server/dashboard.$${asset#*:}" || exit 1; \
		echo '; }'; \
	done; } >$@.new && mv $@.new $@

src_libresult_a_SOURCES = \
	src/result/chart.c src/result/chart.h \
	src/result/codec.c src/result/codec.h \
	src/result/compare.c src/result/compare.h \
	src/result/condense.c src/result/condense.h \
	src/result/error.c src/result/error.h \
	src/result/figure.c src/result/figure.h \
	src/result/live.c src/result/live.h \
	src/result/pieces.h \
	src/result/plot.c src/result/plot.h \
	src/result/report.c src/result/report.h \
	src/result/result.c src/result/result.h \
	src/result/scale.c src/result/scale.h \
	src/result/stats.c src/result/stats.h \
	src/result/table.c src/result/table.h \
	src/result/tally.c src/result/tally.h \
	src/result/threshold.c src/result/threshold.h \
	src/result/times.c src/result/times.h \
	src/result/verdict.c src/result/verdict.h \
	src/result/wrap.c src/result/wrap.h

nodist_src_libresult_a_SOURCES = src/result/pieces.c
report_files = src/result/report.css src/result/report.html \
	src/result/report_open.html src/result/report_closed.html
EXTRA_DIST += $(report_files)
CLEANFILES += src/result/pieces.c

# The fixed parts of a report, each line a string.
src/result/pieces.c: $(report_files)
	$(AM_V_GEN)$(MKDIR_P) src/result && { \
	echo '/* clang-format off */'; \
	echo '#include "result/pieces.h"'; \
	for piece in style:.css page:.html open:_open.html closed:_closed.html; do \
		echo "const char *pieces_$${piece%%:*}(void) { return"; \
		sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' \
			"$(srcdir)/src/result/report$${piece#*:}" || exit 1; \
		echo '; }'; \
	done; } >$@.new && mv $@.new $@

src_libclient_a_SOURCES = \
	src/client/answers.c src/client/answers.h \
	src/client/client_options.c src/client/client_options.h \
	src/client/editor.c src/client/editor.h \
	src/client/hexdump.c src/client/hexdump.h \
	src/client/lines.c src/client/lines.h \
	src/client/narrator.c src/client/narrator.h \
	src/client/output.c src/client/output.h \
	src/client/ping.c src/client/ping.h \
	src/client/ping_event.h \
	src/client/ping_figures.c src/client/ping_figures.h \
	src/client/ping_json.c src/client/ping_json.h \
	src/client/ping_lines.c src/client/ping_lines.h \
	src/client/ping_report.c src/client/ping_report.h \
	src/client/ping_tcp.c src/client/ping_tcp.h \
	src/client/ping_udp.c src/client/ping_udp.h \
	src/client/ping_wire.h \
	src/client/probe.c src/client/probe.h \
	src/client/pump.c src/client/pump.h \
	src/client/roster.c src/client/roster.h \
	src/client/route.c src/client/route.h \
	src/client/rto.c src/client/rto.h \
	src/client/session.c src/client/session.h \
	src/client/status.h \
	src/client/tcp_exchange.c src/client/tcp_exchange.h \
	src/client/transcript.c src/client/transcript.h \
	src/client/udp_exchange.c src/client/udp_exchange.h \
	src/client/visible.c src/client/visible.h

src_libload_a_SOURCES = \
	src/load/asked.c src/load/asked.h \
	src/load/client.c src/load/client.h \
	src/load/crew.c src/load/crew.h \
	src/load/fields.c src/load/fields.h \
	src/load/job.c src/load/job.h \
	src/load/kit.c src/load/kit.h \
	src/load/load.c src/load/load.h \
	src/load/load_options.c src/load/load_options.h \
	src/load/meter.c src/load/meter.h \
	src/load/missing.c src/load/missing.h \
	src/load/monitor.c src/load/monitor.h \
	src/load/plan.h \
	src/load/run.c src/load/run.h \
	src/load/schedule.c src/load/schedule.h \
	src/load/search.c src/load/search.h \
	src/load/share.h \
	src/load/silence.c src/load/silence.h \
	src/load/sink.c src/load/sink.h \
	src/load/stream.c src/load/stream.h \
	src/load/wire.h \
	src/load/wire_http.c src/load/wire_http.h \
	src/load/wire_tcp.c src/load/wire_tcp.h \
	src/load/wire_udp.c src/load/wire_udp.h \
	src/load/worker.c src/load/worker.h

# Nobody needs root to run it, so it goes where everybody's PATH leads.
bin_PROGRAMS = src/uppercase-client src/uppercase-load src/uppercase-server
src_uppercase_server_SOURCES = src/server/main.c
src_uppercase_server_LDADD = src/libserver.a src/libcli.a src/libweb.a \
	src/libloop.a src/libhttp.a src/libos.a src/libbase.a $(LIBEVENT_LIBS) $(XXHASH_LIBS) \
	$(CONFUSE_LIBS) $(SECCOMP_LIBS)

src_uppercase_client_SOURCES = src/client/main.c
src_uppercase_client_LDADD = src/libclient.a src/libcli.a src/libos.a \
	src/libbase.a $(JANSSON_LIBS) $(LIBEDIT_LIBS) -lm
src_uppercase_load_SOURCES = src/load/main.c
src_uppercase_load_LDADD = src/libload.a src/libresult.a src/libcli.a \
	src/libhttp.a \
	src/libos.a src/libbase.a $(LIBEVENT_LIBS) $(JANSSON_LIBS) -lm

EXTRA_DIST += src/uppercase-server.conf
dist_man_MANS = src/uppercase-server.8 src/uppercase-server.conf.5 src/uppercase-client.1 \
	src/uppercase-load.1 src/uppercase-fault.7
