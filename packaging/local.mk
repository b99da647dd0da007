# What a system needs around the programs. The units are in the folder that
# configure was told (--with-systemdsystemunitdir), or else below the prefix.

systemdunitdir = @systemdunitdir@

# For who watches servers; to be changed and put where it is read.
watchingdir = $(docdir)/watching
dist_watching_DATA = packaging/prometheus/prometheus.yml \
	packaging/prometheus/uppercase-alerts.yml \
	packaging/grafana/uppercase-server.json

systemdunit_DATA = packaging/systemd/uppercase-server.service \
	packaging/systemd/uppercase-server@.service
dist_systemdunit_DATA = packaging/systemd/uppercase-server.socket \
	packaging/systemd/uppercase-server-http.socket
EXTRA_DIST += packaging/systemd/uppercase-server.service.in
CLEANFILES += $(systemdunit_DATA)

UNIT = packaging/systemd/uppercase-server.service.in

packaging/systemd/uppercase-server.service: $(UNIT) Makefile
	@$(MKDIR_P) packaging/systemd
	$(AM_V_GEN)sed 's|[@]bindir[@]|$(bindir)|' '$(srcdir)/$(UNIT)' >$@

# Several processes, one a core, on the same ports.
packaging/systemd/uppercase-server@.service: $(UNIT) Makefile
	@$(MKDIR_P) packaging/systemd
	$(AM_V_GEN)sed -e 's|[@]bindir[@]|$(bindir)|' \
		-e '/^ExecStart=/s/$$/ --reuse-port/' \
		-e '/^Description=/s/$$/, process %i of several/' \
		'$(srcdir)/$(UNIT)' >$@
