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

# What shells complete, made from each program's --help; a build for another
# machine cannot ask them and goes without.
COMPLETIONS = packaging/completions.awk
EXTRA_DIST += $(COMPLETIONS)
if !CROSS_COMPILING
bashcompdir = $(datadir)/bash-completion/completions
bashcomp_DATA = packaging/bash/uppercase-server \
	packaging/bash/uppercase-client packaging/bash/uppercase-load
zshcompdir = $(datadir)/zsh/site-functions
zshcomp_DATA = packaging/zsh/_uppercase-server \
	packaging/zsh/_uppercase-client packaging/zsh/_uppercase-load
CLEANFILES += $(bashcomp_DATA) $(zshcomp_DATA)

COMPLETE = program=$${out\#\#*/}; program=$${program\#_}; \
	$(MKDIR_P) "$${out%/*}"; \
	"src/$$program$(EXEEXT)" --help >"$$out.help" && \
	$(AWK) -v program="$$program" -v shell=$$shell \
		-f '$(srcdir)/$(COMPLETIONS)' "$$out.help" >"$$out.new" && \
	mv "$$out.new" "$$out" && rm -f "$$out.help"

$(bashcomp_DATA): $(bin_PROGRAMS) $(COMPLETIONS)
	$(AM_V_GEN)out=$@; shell=bash; $(COMPLETE)

$(zshcomp_DATA): $(bin_PROGRAMS) $(COMPLETIONS)
	$(AM_V_GEN)out=$@; shell=zsh; $(COMPLETE)
endif
